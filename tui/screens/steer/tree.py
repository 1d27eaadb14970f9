"""The tree of states: walk it, search it, go to any state, name it, compare two."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tui import keys
from tui.glyphs import DOT
from tui.screens.base import OgiveScreen
from tui.screens.steer import work as jobs
from tui.widgets.ask import Ask
from tui.widgets.branches import TreeNode
from tui.widgets.lines import clean
from tui.widgets.tree import FIGURES_FROM, TreeView
from tui.widgets.wrapping import printable

if TYPE_CHECKING:
    from tui.screens.steer.screen import SteerScreen

LABEL = 10


class TreeScreen(OgiveScreen):
    """All states of the session. What it asks for is done by the steer screen below it."""

    NAME = "tree"
    ALSO = ("walk",)
    KEY_GAP = 2
    CSS_PATH = "tree.tcss"
    BINDINGS = keys.bindings("tree")
    TEXT: ClassVar[str] = (
        "Every decision made a state. The filled sign is the one at hand, and the path to it is coloured. Up goes to "
        "the parent, down to the child visited last, left and right from branch to branch; j and k go row by row. "
        "Enter goes to the state under the mark; nothing is lost by that."
    )

    def __init__(self, steer: SteerScreen) -> None:
        super().__init__()
        self._steer = steer

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="panes"):
            with Vertical(id="left"):
                yield Static(id="head")
                yield TreeView(id="tree")
            yield Static(id="details")
        yield Input(id="find", placeholder="search the tree", compact=True)

    @property
    def states(self) -> TreeView:
        return self.query_one(TreeView)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#find").display = False
        self.states.focus()
        self.call_after_refresh(self.refresh_tree)
        self._steer.followers.append(self.refresh_tree)

    def on_unmount(self) -> None:
        self._steer.followers.remove(self.refresh_tree)

    def refresh_tree(self) -> None:
        """Draw the session as the steer screen knows it now."""
        picture = self._steer.picture
        if picture is None:
            return
        self.states.show(self._steer.branches)
        view = picture.view
        size = f"{len(picture.nodes)} states {DOT} {len(view.branches)} branches"
        place = f" {DOT} {clean(view.branch)} {DOT} state {view.node}"
        self.headline(Content.assemble((clean(view.name), "bold $bone"), place), size)
        width = self.states.size.width
        right = "branch    drift  " if width >= FIGURES_FROM else "branch "
        left = "     # made by   asked"
        self.query_one("#head", Static).update(Content.styled(f"{left}{right:>{max(0, width - len(left))}}", "$ash"))
        self._show_details()

    @on(TreeView.Moved)
    def _show_details(self) -> None:
        node = self.states.marked
        wide = self.size.width >= 110
        if node is not None and not wide:
            self.trail(_one_line(node))
        self.query_one("#details", Static).update(details(node) if node is not None else "")

    def on_resize(self) -> None:
        self.call_after_refresh(self.refresh_tree)

    # Searching

    def key_entries(self) -> list[tuple[str, str]]:
        if self.query_one("#find", Input).has_focus:
            return [("enter", "to the tree"), ("esc", "show all")]
        entries = super().key_entries()
        return [entries[0], ("↑↓", "parent, child"), ("←→", "branches"), *entries[1:]] if entries else entries

    def action_find(self) -> None:
        find = self.query_one("#find", Input)
        find.display = True
        find.focus()

    @on(Input.Changed, "#find")
    def _search(self, event: Input.Changed) -> None:
        found = self.states.search(event.value)
        if event.value.strip():
            self.trail(f"{found} found" if found else "nothing holds these words", "" if found else "bad")

    @on(Input.Submitted, "#find")
    def _found(self) -> None:
        self.states.focus()

    def action_found_next(self) -> None:
        self._step_found(1)

    def action_found_before(self) -> None:
        self._step_found(-1)

    def _step_found(self, by: int) -> None:
        if not self.states.step_found(by):
            self.trail("nothing is searched for: / searches")

    # Deeds

    def action_checkout(self) -> None:
        node = self.states.marked
        if node is not None:
            self._leave_for(lambda: self._steer.move("checkout", node.number, story=f"to state {node.number}"))

    @on(TreeView.Chosen)
    def _chosen(self) -> None:
        self.action_checkout()

    def _leave_for(self, deed: Callable[[], None]) -> None:
        """Back to the steer screen, which then does `deed`."""
        if self._steer.phase == "deciding":
            self.trail("the update is being made; then it can be gone to another state")
            return
        self.app.pop_screen()
        deed()

    @work(exclusive=True, group="ask")
    async def action_bookmark(self) -> None:
        node = self.states.marked
        if node is None or not self._free():
            return
        label = await self.app.push_screen_wait(Ask(f"Bookmark state {node.number} as", node.bookmark))
        if label is not None:
            story = f"bookmark {label.strip()}" if label.strip() else "bookmark taken away"
            self._steer.move("bookmark", label.strip(), node.number, story=story)

    @work(exclusive=True, group="ask")
    async def action_branch(self) -> None:
        node = self.states.marked
        if node is None or not self._free():
            return
        name = await self.app.push_screen_wait(
            Ask(f"Name the branch that begins at state {node.number}", "", self._steer.check_branch)
        )
        if name is not None:
            job = jobs.branch_at(self._steer.bench, node.number, name)
            self._leave_for(lambda: self._steer.move_with(job, f"branch {name}"))

    @work(exclusive=True, group="ask")
    async def action_rename(self) -> None:
        node = self.states.marked
        if node is None or not self._free():
            return
        old = node.branch.partition(", ")[0]
        if not old:
            self.trail("no branch ends here; go to a branch's last state to rename it")
            return
        new = await self.app.push_screen_wait(
            Ask(f"Rename the branch {old}", old, lambda name: "" if name == old else self._steer.check_branch(name))
        )
        if new is not None and new != old:
            self._steer.move("rename_branch", old, new, story=f"{old} is {new} now")

    def _free(self) -> bool:
        if self._steer.phase == "deciding":
            self.trail("the update is being made; try again when it is done")
            return False
        return True

    def action_compare(self) -> None:
        node, first = self.states.marked, self.states.also
        if node is None:
            return
        if not first:
            self.states.set_also(node.id)
            self.trail(f"state {node.number} with which other? c on that one, or c again for the one at hand")
            return
        self.states.set_also("")
        here = self._steer.picture.view.node if self._steer.picture is not None else node.number
        other = here if node.id == first else node.number
        if int(first) == other:
            self.trail("that is one and the same state")
            return
        self._leave_for(lambda: self._steer.compare(int(first), other))

    def action_copy(self) -> None:
        node = self.states.marked
        if node is not None:
            self.ogive.copy("\n".join(f"{label}: {value}" for label, value in node.facts))

    def action_back(self) -> None:
        find = self.query_one("#find", Input)
        if find.has_focus or self.states.words:
            find.value = ""
            find.display = False
            self.states.focus()
        elif self.states.also:
            self.states.set_also("")
        else:
            self.app.pop_screen()


def details(node: TreeNode) -> Content:
    """A state at length."""
    title = f"state {node.number}"
    names = "".join(f"  {clean(name)}" for name in (node.bookmark, node.branch) if name)
    lines = [Content.assemble((title, "bold $brass"), (names, "$verdigris")), Content("")]
    for label, value in node.facts:
        lines.append(Content.assemble((f"{label:<{LABEL}}", "$ash"), (printable(value), "$bone")))
        if "\n" in value or len(value) > 24:
            lines.append(Content(""))
    if not node.kept:
        lines.append(Content.styled("its weights are not on the disk; they are made again at need", "$ash"))
    return Content("\n").join(lines)


def _one_line(node: TreeNode) -> str:
    facts = dict(node.facts)
    margin = f"margin {facts['margin']}" if "margin" in facts else ""
    parts = [f"{node.number} {node.what}", margin, facts.get("took", "")]
    return f" {DOT} ".join(clean(part) for part in parts if part)
