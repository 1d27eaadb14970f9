"""A steering session: draw a group, decide, learn from it, go back, branch. Usable in a script without the app.

    session = Session.create(workspace, SteeringSettings(model="tale"))
    for stream in session.propose():
        group = stream.group                     # set on the last one
    session.update(Decision.pick(2))             # journal, synced; then the update; then the new state on disk
    session.undo()                               # the same group again, the same weights, bit for bit

Nothing here is safe to call from two threads at once: one thread owns a session, as it owns the accelerator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from core.cancel import Cancel
from core.settings.steering import SteeringSettings
from core.steering.group import Group
from core.steering.tree import Node, Tree
from core.steering.view import Decision, Pending, Stream, View
from core.workspace import Workspace

Progress = Callable[[str, int, int | None], None]
"""(what is being done, how much of it is done, of how much), as long loads report themselves."""


class Session:
    """One session, open for writing. Made by `create` or `open`; `close` lets another process open it."""

    id: str
    folder: Path
    settings: SteeringSettings
    tree: Tree

    @classmethod
    def create(
        cls,
        workspace: Workspace,
        settings: SteeringSettings,
        *,
        name: str | None = None,
        cancel: Cancel | None = None,
        progress: Progress | None = None,
        policy: Any = None,
    ) -> Session:
        """Load the model, and begin a session in `journal/<id>/`. Nothing is written before the model is loaded.

        `policy` is one that is already loaded for these settings. Raises OgiveError (no such model, no prompts, ...).
        """
        raise NotImplementedError

    @classmethod
    def open(
        cls,
        workspace: Workspace,
        session_id: str,
        *,
        node: int | str | None = None,
        cancel: Cancel | None = None,
        progress: Progress | None = None,
        policy: Any = None,
    ) -> Session:
        """Go on with a kept session where it was left, or at `node` (a number, a branch or a bookmark).

        A decision that was acknowledged and not yet applied is applied first. Raises OgiveError when another process
        has it open, or its files are damaged.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Write what is not yet written and let go of the lock. Closing twice is harmless."""
        raise NotImplementedError

    def view(self) -> View:
        """All a screen shows, as one immutable value; well under a millisecond unless the tree changed."""
        raise NotImplementedError

    # -- the loop --------------------------------------------------------------------------------------------------

    def propose(
        self, cancel: Cancel | None = None, *, prompt: str | None = None, again: bool = False, hotter: bool = False
    ) -> Iterator[Stream]:
        """Draw the group of the current card and stream it; a group that is already drawn comes back at once.

        `prompt` first decides `edit`, `again` (with `hotter`) first decides `regenerate`: each makes a node, so the old
        card stays in the tree. When `cancel` is requested the variants end as they are ("cancelled") and the group can
        be decided about: that is how a pick is made early. A generator that is closed leaves no trace: drawing again
        gives the same group. Raises OgiveError when there is no prompt (typed prompts that have run out).
        """
        raise NotImplementedError

    def acknowledge(self, decision: Decision) -> Pending:
        """Put a decision into the journal and onto the disk: milliseconds. From here on it is not lost.

        Raises OgiveError when it is about another group than the current one, a slot that is not there, an unfinished
        decision waits, or (pick, none, write) no group is drawn.
        """
        raise NotImplementedError

    def apply(self, pending: Pending, cancel: Cancel | None = None) -> Node:
        """Do what was acknowledged: learn (when it teaches), store the state, make the node and stand there.

        When it is stopped or fails, weights are as before and the decision still waits: apply it again, or `withdraw`.
        """
        raise NotImplementedError

    def withdraw(self) -> None:
        """Take back a decision that was acknowledged but could not be applied; the journal keeps both lines."""
        raise NotImplementedError

    def accept(self, decision: Decision, cancel: Cancel | None = None) -> Node:
        """`acknowledge`, then `apply`."""
        raise NotImplementedError

    update = accept

    def retaste(self, cancel: Cancel | None = None) -> Iterator[Stream]:
        """Decide `retaste` and stream: the prompt of the last pick again, with the weights as they are now."""
        raise NotImplementedError

    # -- the tree --------------------------------------------------------------------------------------------------

    def undo(self) -> Node:
        """Back to the parent: its weights, and its card as it was. OgiveError at the root."""
        raise NotImplementedError

    def redo(self) -> Node:
        """On to the child that was visited last. OgiveError where there is none."""
        raise NotImplementedError

    def branch(self, name: str) -> Node:
        """Let a named branch begin here; the next decision grows it."""
        raise NotImplementedError

    def checkout(self, where: int | str) -> Node:
        """Go to a node by number or bookmark, or to a branch's tip by its name."""
        raise NotImplementedError

    def bookmark(self, label: str, node: int | None = None) -> None:
        """Label a node (None: this one); an empty label takes it away. A label is on one node at a time."""
        raise NotImplementedError

    def rename_branch(self, old: str, new: str) -> None:
        """Give a branch another name."""
        raise NotImplementedError

    def start_over(self) -> Node:
        """Back to the root, on a new branch; all that was done stays in the tree."""
        raise NotImplementedError

    # -- looking ---------------------------------------------------------------------------------------------------

    def control(self, cancel: Cancel | None = None) -> str:
        """The control prompt's answer at this node (greedy); drawn once for each node and kept. "" without a prompt."""
        raise NotImplementedError

    def compare(
        self,
        a: int | str,
        b: int | str,
        prompts: Sequence[str] | None = None,
        *,
        cancel: Cancel | None = None,
        progress: Progress | None = None,
    ) -> Any:
        """A `compare.Comparison` of two nodes on the same prompts (None: those of this session) and seeds; the
        session stays where it is."""
        raise NotImplementedError

    def group(self) -> Group | None:
        """The group of the current card, if it is drawn."""
        raise NotImplementedError

    # -- taking things out -----------------------------------------------------------------------------------------

    def export_story(self, path: str | Path, node: int | None = None) -> Path:
        """The story from the root to `node` (None: here) as Markdown, written atomically."""
        raise NotImplementedError

    def export_preferences(self, path: str | Path, node: int | None = None, *, whole_tree: bool = False) -> int:
        """The picks on the path (or of the whole tree) as prompt/chosen/rejected JSONL; the number of rows."""
        raise NotImplementedError

    def save_adapter(self, folder: str | Path | None = None) -> Path:
        """The adapter of this node as a PEFT folder (None: beside the journal, under the node's number)."""
        raise NotImplementedError

    def merge(self, folder: str | Path) -> Any:
        """The whole model with this node's adapter merged in, logits checked; the session can go on after it."""
        raise NotImplementedError
