"""What the steer screen shows: the card with its variants, the meter, the control strip, the tree strip."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static

from core.cancel import Cancel
from tui import words
from tui.engine import JobHandle
from tui.glyphs import DOT, FAILED
from tui.screens.base import OgiveScreen
from tui.steering import Bench, Picture
from tui.widgets.branches import Branches
from tui.widgets.lines import Hairline, KeyLine, TitleLine, TrailLine, clean
from tui.widgets.meter import meter
from tui.widgets.rule import MarkRule
from tui.widgets.sparkline import spark
from tui.widgets.strip import TreeStrip
from tui.widgets.variants import Variants
from tui.widgets.versions import Version, Versions

if TYPE_CHECKING:
    from core.steering.group import Group
    from tui.screens.steer.work import Decided, Loading

PHASES = {
    "empty": "",
    "loading": "loading",
    "writing": "writing",
    "choosing": "choose",
    "deciding": "updating",
    "moving": "moving",
}
"""What the session is doing, and the word for it."""


class SteerView(OgiveScreen):
    """The screen's state and its drawing. `picture` is the newest look at the session; None without one."""

    def __init__(self) -> None:
        super().__init__()
        self.picture: Picture | None = None
        self.phase = "empty"
        self.failure: tuple[str, str] | None = None
        """What kept a session from being opened: cause and hint."""
        self._wanted = ""
        """What is being opened, in words."""
        self._loading: JobHandle[Picture] | None = None
        self._drawing: JobHandle[Picture | None] | None = None
        self._stop = Cancel()
        """Ends the variants that are being written, as they are."""
        self._deciding: JobHandle[Decided] | None = None
        self._moving: JobHandle[Picture] | None = None
        self._control: JobHandle[Picture] | None = None
        self.followers: list[Callable[[], None]] = []
        """Told whenever something else is drawn: screens over this one."""
        self._branches: tuple[Picture | None, Branches] = (None, Branches((), ""))

    @property
    def bench(self) -> Bench:
        return self.ogive.bench

    # Structure

    def compose(self) -> ComposeResult:
        yield TitleLine("STEER")
        yield Hairline()
        with Container(id="body"):
            with Vertical(id="stage"):
                yield Static(id="asked")
                yield MarkRule(id="said")
                yield Static(id="empty")
                yield Variants(id="variants")
            yield Hairline(id="lower-rule")
            with Container(id="lower"):
                yield Versions(id="control")
                yield TreeStrip(id="strip")
                yield Static(id="facts")
        yield Hairline()
        yield TrailLine()
        yield KeyLine()

    @property
    def variants(self) -> Variants:
        return self.query_one(Variants)

    @property
    def group(self) -> Group | None:
        """The group on the screen, when it is whole."""
        return self.picture.view.group if self.picture is not None and self.phase == "choosing" else None

    @property
    def branches(self) -> Branches:
        """The tree of the newest picture."""
        if self._branches[0] is not self.picture and self.picture is not None:
            self._branches = (self.picture, Branches(self.picture.nodes, str(self.picture.view.node)))
        return self._branches[1]

    # Drawing

    def show(self, picture: Picture) -> None:
        """Take over a newer look at the session, and draw what is around the variants."""
        self.picture = picture
        self.draw_frame()

    def show_card(self) -> None:
        """The variants of the card at hand, as they were drawn; nothing of how they were drawn."""
        group = self.picture.view.group if self.picture is not None else None
        if group is None:
            return
        slots = [group.slot(number) for number in range(len(group.order))]
        self.variants.begin(len(slots))
        self.variants.show(
            [one.text for one in slots], [len(one.tokens) for one in slots], [one.ended for one in slots]
        )

    def draw_frame(self) -> None:
        """Title, prompt, rule, control, tree; the words of an empty screen."""
        if not self.is_mounted:
            return
        picture = self.picture
        self.set_class(picture is None or not picture.view.control.prompt, "-bare")
        shown = picture is not None and self.phase != "loading"
        self.query_one("#empty").display = not shown or not self.variants.count
        for name in ("#asked", "#said", "#lower", "#lower-rule"):
            self.query_one(name).display = shown
        self.variants.display = shown and self.variants.count > 0
        if self.query_one("#empty").display:
            self.query_one("#empty", Static).update(self._empty())
        if picture is not None:
            self.query_one("#asked", Static).update(self._asked(picture))
            self._draw_control(picture)
            self.query_one(TreeStrip).show(self.branches)
            self.query_one("#facts", Static).update(facts(picture, self.size.width // 3 - 4))
        self._draw_said()
        self._draw_title()
        self.refresh_bindings()
        for follower in self.followers:
            follower()

    def _draw_title(self) -> None:
        picture = self.picture
        word = PHASES[self.phase]
        if picture is None:
            self.headline(Content.assemble((self._wanted, "bold $bone"), "   ", (word, "$brass")))
            return
        view = picture.view
        name = clean(view.name)
        drift = Content.assemble(("   drift ", "$ash"), (f"{view.drift:.2f}", "$bone"))
        left = Content.assemble((name, "bold $bone"), (f" {DOT} {clean(view.branch)} {DOT} state {view.node}", "$bone"))
        state = Content.assemble("   ", (word, "$brass")) if word else Content("")
        # The bar gives way to the words, then drift does, then the name.
        room = self.size.width - len("STEER") - 4
        for bar in (10, 6, 4, 0, -1):
            right = Content.assemble(meter("KL", view.kl, view.kl_budget, max(0, bar)), drift if bar >= 0 else "")
            if left.cell_length + state.cell_length + right.cell_length <= room:
                break
        cut = left.truncate(max(4, room - right.cell_length - state.cell_length), ellipsis=True)
        self.headline(Content.assemble(cut, state), right)

    def _asked(self, picture: Picture) -> Content:
        place = f"prompt {picture.view.place}" if picture.view.place else "prompt"
        text = clean(picture.view.prompt) or "none yet: e types one"
        width = max(20, self.size.width - len(place) - 5)
        lines = 3 if self.has_class("-tall") else 1
        return Content.assemble((f" {place}   ", "$ash"), (text, "bold $bone")).truncate(
            width * lines if lines > 1 else self.size.width, ellipsis=True
        )

    def _draw_said(self) -> None:
        """The rule under the prompt says how the group stands."""
        rule = self.query_one("#said", MarkRule)
        view = self.picture.view if self.picture is not None else None
        if view is not None and self.phase == "choosing" and view.group is not None and view.alike:
            rule.mark(f"nearly alike {DOT} h draws hotter")
        elif self.phase == "writing" and self.variants.count:
            panes = self.variants.shown
            rule.mark(f"writing {sum(not pane.ended for pane in panes)} of {len(panes)}", "$ash")
        else:
            rule.mark("")

    def _draw_control(self, picture: Picture) -> None:
        control = picture.view.control
        versions = [Version("root" if node == 0 else str(node), text) for node, text in control.history]
        if not versions and control.root:
            versions = [Version("root", control.root)]
        if picture.view.node != 0:
            if versions and versions[-1].label == str(picture.view.node):
                versions[-1] = Version("now", versions[-1].text)
            elif control.now:
                versions.append(Version("now", control.now))
            elif control.prompt:
                versions.append(Version("now", "…"))
        self.query_one(Versions).show(control.prompt, versions)

    def _empty(self) -> Content:
        if self.failure is not None:
            cause, hint = self.failure
            return Content.assemble(
                (f"{FAILED} ", "$blood"),
                (cause, "bold $bone"),
                (f"\n\n{hint}" if hint else "", "$ash"),
                "\n\n",
                ("S", "bold $brass"),
                ("  the settings      ", "$ash"),
                ("J", "bold $brass"),
                ("  the sessions there are", "$ash"),
            )
        if self.phase == "loading":
            return Content.assemble(
                ("loading ", "$ash"), (self._wanted or "a model", "$bone"), ("\n\n", ""), (self._load_word(), "$ash")
            )
        if self.picture is not None:
            return Content.styled("the first variants are on their way", "$ash")
        return Content.assemble(
            ("No session is open.\n\n", "bold $bone"),
            ("S", "bold $brass"),
            ("  begins one      ", "$ash"),
            ("J", "bold $brass"),
            ("  goes on with an earlier one", "$ash"),
        )

    def _load_word(self) -> str:
        latest: Loading | None = self._loading.latest if self._loading is not None else None
        if latest is None:
            return "waiting for the engine" if self._loading and self._loading.state == "waiting" else "…"
        return f"{latest.doing} {latest.done}/{latest.whole}" if latest.whole else latest.doing

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw_frame)


def facts(picture: Picture, width: int) -> Content:
    """The curves along the path, for the pane that very wide screens have."""
    room = max(8, width - 18)
    rows = (("KL", picture.kls), ("drift", picture.drifts), ("margin", picture.margins))
    count = f"{len(picture.drifts)} decision{'' if len(picture.drifts) == 1 else 's'} learned from"
    lines = [Content.styled(f" {count} {DOT} {words.memory(picture.view.disk)} of states", "$ash")]
    for name, values in rows:
        latest = f"{values[-1]:+.2f}" if name == "margin" and values else f"{values[-1]:.2f}" if values else ""
        lines.append(
            Content.assemble((f" {name:<7}", "$ash"), (f"{latest:>6} ", "$bone"), (spark(values, room), "$verdigris"))
        )
    return Content("\n").join(lines)
