"""A steering session: draw a group, decide, learn from it, go back, branch. Usable in a script without the app.

    session = Session.create(workspace, SteeringSettings(model="tale"))
    for stream in session.propose():
        group = stream.group                     # set on the last one
    session.update(Decision.pick(2))             # journal, synced; then the update; then the new state
    session.undo()                               # the same group again, the same weights, bit for bit

Nothing here is safe to call from two threads at once: one thread owns a session, as it owns the accelerator.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.cancel import Cancel, Stopped
from core.errors import OgiveError
from core.files import write_atomic
from core.settings.problems import validate
from core.settings.steering import SteeringSettings
from core.steering import catalog, journal, opening
from core.steering import prompts as prompt_sources
from core.steering.cards import check, clean, following
from core.steering.compare import Comparison, compare, usual_prompts
from core.steering.drawing import answer, draw_group, heated, whole
from core.steering.group import Group, derived
from core.steering.journal import Journal
from core.steering.lock import Lock
from core.steering.opening import Steered, save
from core.steering.picture import Picture
from core.steering.preferences import pairs, write_pairs
from core.steering.prompts import Prompts
from core.steering.rows import outcome
from core.steering.shaping import Shaper
from core.steering.states import States
from core.steering.story import Narrator, story
from core.steering.tree import Node
from core.steering.view import Decision, Pending, Stream, View
from core.steering.weights import Weights, fresh
from core.workspace import Workspace

Progress = Callable[[str, int, int | None], None]
"""(what is being done, how much of it is done, of how much), as long loads report themselves."""


class Session:
    """One session, open for writing. Made by `create` or `open`; `close` lets another process open it."""

    def __init__(
        self,
        folder: Path,
        record: journal.Record,
        settings: SteeringSettings,
        policy: Steered,
        prompts: Prompts,
        modes: Any = None,
    ) -> None:
        """For `create` and `open`."""
        self.folder, self.id, self.about = folder, folder.name, record.about
        self.settings, self.policy, self.prompts, self.tree = settings, policy, prompts, record.tree
        self.shaper = Shaper(policy.tokenizer, settings.shaping)
        self.states = States(folder / "states")
        self.trail = self.problem = ""
        self._weights = Weights(policy, self.states, self.tree, self.shaper, modes)
        self._picture = Picture(self)
        self._journal = Journal(folder, record.events)
        self._story = Narrator(folder, record.about)
        self._lock: Lock | None = None
        self._unfinished: Group | None = None  # stopped early; written down once it is decided about
        self._drawing: Generator[Stream] | None = None
        self._shown_at: float | None = None

    # -- beginning and ending --------------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        workspace: Workspace,
        settings: SteeringSettings,
        *,
        name: str | None = None,
        cancel: Cancel | None = None,
        progress: Progress | None = None,
        policy: Steered | None = None,
    ) -> Session:
        """Load the model, and begin a session in `journal/<id>/`; `policy` is one already loaded for these settings.

        Raises OgiveError (no such model, no prompts, ...), and then nothing is written.
        """
        prompts = prompt_sources.load(settings.prompts, workspace, cancel, progress)
        if policy is None:
            policy = opening.load(settings, workspace, cancel, progress)
        else:
            fresh(policy)
        called = name or (settings.name if settings.name != "untitled" else policy.name)
        shaper = Shaper(policy.tokenizer, settings.shaping)
        shaper.ids(prompts.at(0) or "")  # a template that refuses says so first
        modes = opening.listen(policy, prompts, shaper, cancel, progress)
        seed = derived(settings.seed, "card", 0)
        folder = opening.begin(workspace, settings, called, policy, prompts, seed, modes)
        return cls.open(workspace, str(folder), cancel=cancel, progress=progress, policy=policy)

    @classmethod
    def open(
        cls,
        workspace: Workspace,
        session_id: str,
        *,
        node: int | str | None = None,
        cancel: Cancel | None = None,
        progress: Progress | None = None,
        policy: Steered | None = None,
    ) -> Session:
        """Go on with a kept session where it was left, or at `node` (a number, a branch or a bookmark).

        A decision that was acknowledged and not yet applied is applied first. Raises OgiveError when another process
        has it open, its files are damaged, or its model has changed.
        """
        folder = catalog.find(workspace, session_id)
        lock = Lock.take(folder)
        session: Session | None = None
        try:
            record = journal.read(folder)
            settings = validate(SteeringSettings, record.about["settings"], str(folder / journal.ABOUT))
            prompts = prompt_sources.kept(folder, settings.prompts)
            policy = policy or opening.load(settings, workspace, cancel, progress)
            opening.check_model(record.about, policy)
            session = cls(folder, record, settings, policy, prompts, opening.kept_modes(folder, policy))
            session._lock = lock
            session._resume(node, cancel)
        except BaseException:
            if session is not None:
                session.close()
            lock.release()
            raise
        return session

    def _resume(self, node: int | str | None, cancel: Cancel | None) -> None:
        self._story.rewrite()
        self._weights.stand(self.tree.node)
        pending = self.tree.pending
        if pending is not None:
            try:
                self.apply(pending, cancel)
            except Stopped:
                raise
            except OgiveError as error:
                self.trail = f"{error.message} The decision still waits."
        if node is not None and self.tree.find(node).id != self.tree.here:
            self.checkout(node)

    def close(self) -> None:
        """Write what is not yet written and let go of the lock. Closing twice is harmless."""
        self._stop_drawing()
        lock, self._lock = self._lock, None
        try:
            self.states.close()
        finally:
            self._journal.close()
            if lock is not None:
                lock.release()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- the loop --------------------------------------------------------------------------------------------------

    def propose(
        self, cancel: Cancel | None = None, *, prompt: str | None = None, again: bool = False, hotter: bool = False
    ) -> Iterator[Stream]:
        """Draw the group of the current card and stream it; a group that is already drawn comes back at once.

        `prompt` first decides `edit`, `again` or `hotter` first decide `regenerate`. When `cancel` is requested the
        variants end as they are and can be decided about: an early pick. A generator that is closed leaves no trace:
        drawing again gives the same group. Raises OgiveError when there is no prompt (each is typed as one goes).
        """
        self._free("Draw")
        if prompt is not None:
            self.accept(Decision.edit(prompt))
        elif again or hotter:
            self.accept(Decision.regenerate(hotter))
        self._stop_drawing()
        self._drawing = self._propose(cancel)
        return self._drawing

    def _propose(self, cancel: Cancel | None) -> Generator[Stream]:
        node = self.tree.node
        if node.group is not None:
            self._shown_at = time.monotonic()
            yield whole(node.group)
            return
        if node.prompt is None:
            raise OgiveError("There is no prompt here.", "Type one.")
        self._weights.stand(node)
        self._unfinished = None
        sampling = heated(self.settings.sampling, node.heat, node.seed)
        ids = self.shaper.ids(node.prompt)
        for stream in draw_group(
            self.policy,
            node.prompt,
            ids,
            sampling,
            size=self.settings.group_size,
            seed=node.seed,
            weights=node.id,
            stop=self.shaper.stop,
            cancel=cancel,
        ):
            if stream.group is not None:
                if stream.group.finished:
                    self._event({"kind": "group", "node": node.id, "group": stream.group.to_json()})
                else:
                    self._unfinished = stream.group
                self._shown_at = time.monotonic()
            yield stream

    def group(self) -> Group | None:
        """The group of the current card, if it is drawn."""
        return self.tree.node.group or self._unfinished

    def prepare(self) -> None:
        """Compute ahead, in an idle moment, what an update about the current group will need; changes no result."""
        group = self.tree.node.group
        if group is not None and self.tree.pending is None and all(variant.tokens for variant in group.variants):
            replies = [variant.tokens for variant in group.variants]
            self.policy.prepare(group.prompt_ids, replies, float(group.sampling["temperature"]))

    def acknowledge(self, decision: Decision) -> Pending:
        """Put a decision into the journal and onto the disk: milliseconds. From here on it is not lost.

        Raises OgiveError when it is about another group than the current one, a slot that is not there, an unfinished
        decision waits, or (pick, none, write) no group is drawn.
        """
        self._free("Decide")
        decision, node = clean(decision), self.tree.node
        check(decision, self.tree, self.group(), self.prompts, self.shaper, self.policy.context)
        self._stop_drawing()
        if node.group is None and self._unfinished is not None:
            self._event({"kind": "group", "node": node.id, "group": self._unfinished.to_json()})
        thought = None if self._shown_at is None else round(time.monotonic() - self._shown_at, 3)
        event = {"kind": "decide", "node": node.id, "id": self.tree.next_id, "decision": decision.to_json()}
        self._event(event | self.tree.plan_decision() | {"thought": thought}, sync=True)
        self._unfinished, self._shown_at = None, None
        assert self.tree.pending is not None
        return self.tree.pending

    def apply(self, pending: Pending, cancel: Cancel | None = None) -> Node:
        """Do what was acknowledged: learn (when it teaches), keep the state, make the node and stand there.

        When it is stopped or fails, weights are as before and the decision still waits: apply it again, or `withdraw`.
        """
        if self.tree.pending is None or pending.node != self.tree.pending.node:
            raise OgiveError("That decision is done already.")
        self._stop_drawing()
        parent = self.tree.nodes[pending.parent]
        event: dict[str, Any] = {"kind": "node", "id": pending.node}
        if pending.teaches:
            event |= self._weights.teach(parent, pending.decision, cancel)
        else:
            event |= {"state": parent.state, "drift": parent.drift, "kl": parent.kl}
        event |= following(self.tree, parent, pending.decision, self.prompts)
        self._event(event | {"seed": derived(self.settings.seed, "card", pending.node)}, sync=True)
        self.trail = outcome(self.tree.node)
        self._weights.prune(self.settings.keep_states)
        return self.tree.node

    def withdraw(self) -> None:
        """Take back a decision that was acknowledged but could not be applied; the journal keeps both lines."""
        if self.tree.pending is None:
            raise OgiveError("No decision waits.")
        self._event({"kind": "withdraw", "id": self.tree.pending.node}, sync=True)
        self._weights.stand(self.tree.node)
        self.trail = "taken back"

    def accept(self, decision: Decision, cancel: Cancel | None = None) -> Node:
        """`acknowledge`, then `apply`."""
        return self.apply(self.acknowledge(decision), cancel)

    update = accept

    def retaste(self, cancel: Cancel | None = None) -> Iterator[Stream]:
        """Decide `retaste` and stream: the prompt of the last pick again, with the weights as they are now."""
        self.accept(Decision.retaste())
        return self.propose(cancel)

    # -- the tree --------------------------------------------------------------------------------------------------

    def undo(self) -> Node:
        """Back to the parent: its weights, and its card as it was. OgiveError at the root."""
        parent = self.tree.node.parent
        if parent is None:
            raise OgiveError("This is the root: there is nothing before it.")
        return self._go(parent, "undo")

    def redo(self) -> Node:
        """On to the child that was visited last. OgiveError where there is none."""
        child = self.tree.node.last
        if child is None:
            raise OgiveError("There is nothing to redo here.")
        return self._go(child, "redo")

    def checkout(self, where: int | str) -> Node:
        """Go to a node by number or bookmark, or to a branch's tip by its name."""
        node = self.tree.find(where)
        named = [branch.id for branch in self.tree.branches.values() if branch.name == where]
        return self._go(node.id, "checkout", named[0] if named else None)

    def start_over(self) -> Node:
        """Back to the root; the next decision opens another branch, and all that was done stays in the tree."""
        return self._go(0, "start over")

    def _go(self, number: int, how: str, branch: int | None = None) -> Node:
        self._free(how.capitalize())
        self._stop_drawing()
        node = self.tree.get(number)
        self._weights.stand(node)
        kept = self.tree.branch_for(number) if branch is None else branch
        self._event({"kind": "move", "to": number, "how": how, "branch": kept})
        self._unfinished = self._shown_at = None
        self.trail = f"{how} -> state {number}"
        return node

    def branch(self, name: str) -> Node:
        """Let a named branch begin here; the next decision grows it."""
        self._free("Branch")
        text = self.tree.check_branch_name(name)
        self._event({"kind": "branch", "id": max(self.tree.branches) + 1, "name": text, "node": self.tree.here})
        self.trail = f"branch {text} begins at state {self.tree.here}"
        return self.tree.node

    def bookmark(self, label: str, node: int | None = None) -> None:
        """Label a node (None: this one); an empty label takes it away. A label is on one node at a time."""
        number = self.tree.get(self.tree.here if node is None else node).id
        self._event({"kind": "bookmark", "node": number, "label": self.tree.check_label(label)})

    def rename_branch(self, old: str, new: str) -> None:
        """Give a branch another name."""
        branch = self.tree.branch_named(old)
        if new.strip() != old:
            self._event({"kind": "rename", "branch": branch.id, "name": self.tree.check_branch_name(new)})

    # -- looking ---------------------------------------------------------------------------------------------------

    def view(self) -> View:
        """All a screen shows, as one immutable value; the tree is drawn again only when it changed."""
        return self._picture.view()

    @property
    def name(self) -> str:
        return str(self.about.get("name") or self.id)

    def rename(self, name: str) -> None:
        """Call the session something else; its id stays."""
        text = " ".join(clean(Decision.edit(name)).text.split())
        if not text:
            raise OgiveError("The name is empty.", "Use a few letters.")
        self.about = {**self.about, "name": text}
        journal.write_about(self.folder, self.about)

    def control(self, cancel: Cancel | None = None) -> str:
        """The control prompt's answer at this node (greedy); drawn once for each node and kept. "" without a prompt."""
        prompt, node = self.settings.control_prompt, self.tree.node
        if not prompt or node.control is not None:
            return node.control or ""
        self._free("Answer the control prompt")
        self._stop_drawing()
        self._weights.stand(node)
        greedy = self.settings.sampling.model_copy(update={"temperature": 0.0})
        text = answer(self.policy, self.shaper, prompt, greedy, seed=0, weights=node.id, cancel=cancel).text
        self._event({"kind": "control", "node": node.id, "text": text})
        return text

    def compare(
        self,
        a: int | str,
        b: int | str,
        prompts: Sequence[str] | None = None,
        *,
        cancel: Cancel | None = None,
        progress: Progress | None = None,
    ) -> Comparison:
        """Two nodes on the same prompts (None: `usual_prompts`) and seeds; the session stays where it is."""
        self._free("Compare")
        self._stop_drawing()
        sides = (self.tree.find(a), self.tree.find(b))
        common = self.tree.common(sides[0].id, sides[1].id).id
        chosen = list(prompts) if prompts is not None else usual_prompts(self.tree, self.settings, self.prompts)
        how = (self.settings.sampling, self.settings.seed)
        try:
            return compare(self.policy, self._weights, self.shaper, sides, common, chosen, *how, cancel, progress)
        finally:
            self._weights.stand(self.tree.node)

    # -- taking things out -----------------------------------------------------------------------------------------

    def export_story(self, path: str | Path, node: int | None = None) -> Path:
        """The story from the root to `node` (None: here) as Markdown, written atomically."""
        target = Path(path).expanduser()
        write_atomic(target, story(self.about, self.tree, node))
        return target

    def export_preferences(self, path: str | Path, node: int | None = None, *, whole_tree: bool = False) -> int:
        """The picks on the path (or of the whole tree) as prompt/chosen/rejected JSONL; the number of rows."""
        return write_pairs(Path(path).expanduser(), pairs(self.about, self.tree, node, whole_tree=whole_tree))

    def save_adapter(self, folder: str | Path | None = None) -> Path:
        """The adapter of this node as a PEFT folder (None: in the session's folder, by the node's number)."""
        return self._save("adapter", folder, lambda place: self.policy.save_adapter(place))[0]

    def merge(self, folder: str | Path | None = None) -> Any:
        """Write the whole model with this node's adapter merged in; what the check of its logits found."""
        return self._save("merged model", folder, lambda place: self.policy.merge(place))[1]

    def _save(self, what: str, folder: str | Path | None, write: Callable[[Path], Any]) -> tuple[Path, Any]:
        self._free("Save")
        self._stop_drawing()
        number = self.tree.here
        self._weights.stand(self.tree.node)
        target, report = save(self.folder, what, number, folder, write)
        self._event({"kind": "saved", "what": what, "node": number, "folder": str(target)}, sync=True)
        self.trail = f"{what} of state {number} saved to {target}"
        return target, report

    # -- inside ----------------------------------------------------------------------------------------------------

    def _event(self, event: Mapping[str, Any], sync: bool = False) -> None:
        """Write an event, then let it happen: what is in the tree is in the journal."""
        if self._lock is None:
            raise OgiveError(f"Session {self.id} is closed.", "Open it again.")
        line = self._journal.write(event, sync)
        self.tree.apply(line)
        try:
            self._story.tell(self.tree, line)
            self.problem = ""
        except OgiveError as error:  # journal.md is made anew at the next opening; what is acknowledged must stay so
            self.problem = error.message

    def _free(self, doing: str) -> None:
        """OgiveError while an acknowledged decision waits to be applied."""
        if self._lock is None:
            raise OgiveError(f"Session {self.id} is closed.", "Open it again.")
        if self.tree.pending is not None:
            raise OgiveError(f"{doing}: a decision is still waiting to be learned.", "Apply it, or take it back.")

    def _stop_drawing(self) -> None:
        """End a group that is being drawn: weights never change under it."""
        drawing, self._drawing = self._drawing, None
        if drawing is not None:
            drawing.close()
