"""The steer screen: keys to deeds. Four variants of one prompt; a pick changes the model; everything can be undone."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on, work
from textual.content import Content

from core.errors import OgiveError
from tui import keys
from tui.glyphs import DOT
from tui.screens.steer import work as jobs
from tui.screens.steer.choice import settings_for
from tui.screens.steer.deciding import Deciding
from tui.widgets.ask import Ask
from tui.widgets.branches import TreeNode
from tui.widgets.lines import clean
from tui.widgets.reading import Reading
from tui.widgets.variant import VariantPane
from tui.widgets.variants import Variants
from tui.widgets.writing import Writing


class SteerScreen(Deciding):
    """Shape a model pick by pick."""

    NAME = "steer"
    ALSO = ("pane",)
    KEY_GAP = 2
    CSS_PATH = "steer.tcss"
    BINDINGS = keys.bindings("steer")
    TEXT: ClassVar[str] = (
        "Pick the variant you like best: it is written into the journal, the model learns from it, and the next group "
        "comes from the new weights. The order is shuffled and nothing is said of how a variant was drawn until you "
        "have decided. Undo brings back the same variants and the same weights; a pick after an undo grows a branch. "
        "KL is how far the model has moved from the untouched one, in nats per token, against its budget; drift is "
        "the size of the change to its weights; margin is how much likelier the pick became than the others."
    )

    def on_mount(self) -> None:
        super().on_mount()
        self.draw_frame()

    def open(
        self,
        model: str | None = None,
        session: str | None = None,
        node: int | str | None = None,
        settings: Any = None,
        **others: Any,
    ) -> None:
        """Bring up steering: go on with the session that is open, open a kept one, or begin one.

        `settings` begins a session with exactly these; `model` one with the settings used last; `session` names one of
        the journal. With nothing named, an open session goes on, else the newest model is steered.
        """
        open_here = self.bench.session
        if self.picture is not None and open_here is None and self.phase != "loading":
            self.forget()
        if self.phase == "loading":
            self.draw_frame()
        elif settings is not None:
            self.begin(settings)
        elif session is not None and open_here is not None and open_here.id == session and self.picture is not None:
            if node is not None:
                self.move("checkout", node, story=f"to state {node}")
            self.draw_frame()
            self._focus_variant()
        elif session is not None:
            self.resume(session, node)
        elif self.picture is None or (model is not None and not self._steers(model)):
            try:
                self.begin(settings_for(self.ogive, model))
            except OgiveError as error:
                self._not_loaded(error.message, error.hint)
        else:
            self.draw_frame()
            self._focus_variant()

    def _steers(self, model: str) -> bool:
        """Whether the session that is open is one of this model."""
        return self.picture is not None and model in (self.picture.settings.model, self.picture.view.model)

    def key_entries(self) -> list[tuple[str, str]]:
        entries = super().key_entries()
        if self.picture is None or self.phase == "loading":
            wanted = ("settings", "sessions", "help", "quit", "back")
            stop = [("ctrl+c", "stop")] if self.phase == "loading" else []
            return [*stop, ("S", "settings"), ("J", "sessions"), *[one for one in entries if one[1] in wanted]]
        count = self.variants.count or self.picture.settings.group_size
        first = keys.label_of(keys.of("steer")[0], self.ogive.keymap)
        pick = (f"1-{count}", "pick") if first == "1" else (first, "pick 1")
        # The way out and the help need no words, so that what is done to variants has room.
        short = [(key, "" if label in ("back", "help") else label) for key, label in entries]
        hidden = ("pick 1", "all") if self.picture.view.alike else ("pick 1", "all", "hotter")
        return [pick, *[one for one in short if one[1] not in hidden]]

    # Decisions

    def action_pick(self, slot: int) -> None:
        self.pick(slot)

    def action_take(self) -> None:
        self.pick(self.variants.marked)

    def action_none(self) -> None:
        self.pick_none()

    def action_skip(self) -> None:
        self.skip()

    def action_again(self) -> None:
        self.draw_anew(jobs.How(again=True), "again, other variants")

    def action_hotter(self) -> None:
        self.draw_anew(jobs.How(again=True, hotter=True), "again, hotter")

    def action_retaste(self) -> None:
        self.draw_anew(jobs.How(retaste=True), "the last pick's prompt again, with the weights as they are now")

    @work(exclusive=True, group="ask")
    async def action_write(self) -> None:
        if not self.about_group() or self.picture is None:
            return
        text = await self.app.push_screen_wait(
            Writing("The reply you want", clean(self.picture.view.prompt), hint="One more variant, and the pick")
        )
        if text is not None:
            self.write(text)

    @work(exclusive=True, group="ask")
    async def action_edit(self) -> None:
        if not self.ready() or self.picture is None:
            return
        before = self.picture.view.prompt
        text = await self.app.push_screen_wait(
            Writing("The prompt", "The group at hand stays in the tree.", before, "Type a prompt")
        )
        if text is not None and (text != before or self.picture.view.group is None):
            self.draw_anew(jobs.How(prompt=text), "another prompt")

    # Moves

    def action_undo(self) -> None:
        if self.picture is not None and not self.picture.view.can_undo and self.phase in ("choosing", "writing"):
            self.trail("this is the root: there is nothing to undo")
        else:
            self.move("undo", story="undo")

    def action_redo(self) -> None:
        if self.picture is not None and not self.picture.view.can_redo and self.phase in ("choosing", "writing"):
            self.trail("there is nothing to redo")
        else:
            self.move("redo", story="redo")

    @work(exclusive=True, group="ask")
    async def action_branch(self) -> None:
        if not self.ready():
            return
        name = await self.app.push_screen_wait(Ask("Name the branch that begins here", "", self.check_branch))
        if name is not None:
            self.move("branch", name, story=f"branch {name}")

    def check_branch(self, name: str) -> str:
        """What is wrong with a name for a new branch, or nothing."""
        text = " ".join(name.split())
        taken = self.picture.view.branches if self.picture is not None else {}
        if not text or text.isdecimal():
            return "a name of a few letters"
        return f"there is a branch {text} already" if text in taken else ""

    @work(exclusive=True, group="ask")
    async def action_bookmark(self) -> None:
        if not self.ready() or self.picture is None:
            return
        here = next((node for node in self.picture.nodes if node.number == self.picture.view.node), None)
        label = await self.app.push_screen_wait(Ask("Bookmark this state as", here.bookmark if here else ""))
        if label is not None:
            self.move("bookmark", label.strip(), story=f"bookmark {label}" if label.strip() else "bookmark taken away")

    # Looking

    def action_zoom(self) -> None:
        if self.variants.count:
            self.variants.zoom(not self.variants.zoomed)
            self.set_class(self.variants.zoomed, "-zoomed")
            self.variants.mark(self.variants.marked)

    def action_following(self) -> None:
        self.variants.step(1)

    def action_before(self) -> None:
        self.variants.step(-1)

    @on(Variants.Moved)
    def _other_marked(self) -> None:
        self._draw_title()

    def action_copy(self) -> None:
        pane: VariantPane | None = self.variants.pane(self.variants.marked) if self.variants.count else None
        if pane is None or not pane.text:
            self.trail("there is nothing to copy yet")
        else:
            self.ogive.copy(pane.text)

    def action_tree(self) -> None:
        if self.picture is None:
            self.ready()
            return
        from tui.screens.steer.tree import TreeScreen

        self.app.push_screen(TreeScreen(self))

    def action_compare(self) -> None:
        if self.picture is None or not self.ready():
            return
        from tui.screens.steer.compare import ask_other

        ask_other(self)

    def compare(self, a: int, b: int) -> None:
        """Show two states side by side on the same prompts."""
        from tui.screens.steer.compare import CompareScreen

        def show() -> None:
            self.app.push_screen(CompareScreen(self, a, b))

        self.hush_control()
        self.after_writing(show, keep=True)

    def action_versions(self) -> None:
        if self.picture is None:
            self.ready()
            return
        control = self.picture.view.control
        if not control.prompt:
            self.trail("this session has no control prompt; S sets one for the next session")
            return
        parts: list[Content] = []
        for node, text in control.history:
            parts += [
                Content.styled("root" if node == 0 else f"state {node}", "bold $brass"),
                Content(text),
                Content(""),
            ]
        heading = f"Control {DOT} {clean(control.prompt)}"
        self.app.push_screen(Reading(heading, Content("\n").join(parts) if parts else "not answered yet"))

    def action_prompt(self) -> None:
        if self.picture is None or self.picture.view.group is None:
            self.trail("there is no group yet whose prompt could be read")
            return
        self.aside(jobs.read_prompt(self.bench, self.picture.view.group), "reading the prompt", self._read)

    def _read(self, text: str) -> None:
        self.app.push_screen(Reading("The prompt as the model reads it", text))

    def action_reveal(self) -> None:
        if self.picture is None or not self.picture.revealed:
            self.trail("nothing has been decided yet: how a group is drawn is told afterwards")
            return
        lines = "\n".join(f"{label:<12}{value}" for label, value in self.picture.revealed)
        self.app.push_screen(Reading("The group decided about last", lines))

    # Leaving

    def action_settings(self) -> None:
        self.ogive.open("steer-setup")

    def action_journal(self) -> None:
        self.ogive.open("journal")

    def action_back(self) -> None:
        if self.variants.zoomed:
            self.action_zoom()
        else:
            self.ogive.back()

    def node(self, number: int) -> TreeNode | None:
        """A state of the newest picture."""
        nodes = self.picture.nodes if self.picture is not None else ()
        return next((one for one in nodes if one.number == number), None)
