"""Every key as data: footer, `?` help, command palette and the user's keymap all read this table.

A screen's bindings are `BINDINGS = bindings("monitor")`; each `Key` calls the screen's `action_<name>`, where the
name is the id's last part (`monitor.save` -> `action_save`). To add a key, add a line here and the action.

Keys a terminal or tmux may swallow (ctrl+a, ctrl+b, ctrl+s, ctrl+j, ctrl+z, alt and function keys) are never the
only way to a function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.binding import Binding, BindingType


@dataclass(frozen=True)
class Key:
    """One binding. `rank` orders the key line (1 first; 0: only in help and palette)."""

    id: str
    keys: str
    label: str
    help: str
    rank: int = 0
    show: str = ""
    """How the key is written, when not as its own name."""
    palette: bool = True
    act: str = ""
    """The action, when it is not the id's last part."""

    @property
    def screen(self) -> str:
        return self.id.partition(".")[0]

    @property
    def action(self) -> str:
        return self.act or self.id.partition(".")[2].replace("-", "_")


KEYS: tuple[Key, ...] = (
    # Everywhere
    Key(
        "app.palette", "ctrl+p", "all", "Every action of this screen, by name", 90, act="command_palette", palette=False
    ),
    Key("app.help", "question_mark,f1", "help", "The keys of this screen, explained", 91, "?", act="help_screen"),
    Key("app.quit", "ctrl+q", "quit", "Leave; asks first when a run is alive", act="leave"),
    Key(
        "app.interrupt",
        "ctrl+c",
        "copy or stop",
        "Copy the selection, else stop the reply",
        act="interrupt",
        palette=False,
    ),
    Key("app.theme", "ctrl+t", "theme", "Next theme: dark, light, the terminal's own colours", act="next_theme"),
    # Lists
    Key("list.up", "up,k", "up", "One row up", act="cursor_up", palette=False),
    Key("list.down", "down,j", "down", "One row down", act="cursor_down", palette=False),
    Key("list.page-up", "pageup", "page up", "One page up", palette=False),
    Key("list.page-down", "pagedown", "page down", "One page down", palette=False),
    Key("list.first", "home,g", "first", "To the first row", palette=False),
    Key("list.last", "end,G", "last", "To the last row", palette=False),
    Key("list.choose", "enter", "open", "Open the row", palette=False),
    # Home
    Key("home.open", "enter", "open", "Open the run or model under the mark", 1),
    Key("home.new", "n", "new run", "Set up a new run", 2),
    Key("home.chat", "c", "chat", "Talk to the model or run under the mark", 3),
    Key("home.steer", "s", "steer", "Shape the model under the mark by picks; a session of the journal goes on", 4),
    Key("home.monitor", "m", "monitor", "Watch the run under the mark", 6),
    Key("home.resume", "r", "resume", "Go on with the stopped run under the mark", 5),
    Key("home.find", "slash", "find", "Show only the rows that hold some words", 8, "/"),
    Key("home.data", "d", "data", "What there is to learn from, and the tokenizers", 7),
    Key("home.journal", "j", "journal", "The steering sessions: go on with one, read it, export it", 9),
    Key("home.delete", "x", "delete", "Delete the run under the mark; asks first"),
    Key("home.other", "tab", "runs, models", "Between runs and models", palette=False),
    Key("home.leave", "q", "quit", "Leave; asks first when a run is alive", 95, act="app.leave", palette=False),
    # Setup
    Key("setup.start", "s", "start", "Start the run in this program and watch it", 1),
    Key("setup.detach", "d", "detached", "Start the run in its own process: it outlives this terminal", 2),
    Key("setup.recipe", "p", "recipe", "Begin from another recipe or saved version", 3),
    Key("setup.save", "w", "save", "Save these values as the next version of the recipe", 4),
    Key("setup.picture", "v", "model", "The model as a diagram, with what each part of it costs", 5),
    Key("setup.command", "y", "command", "Show and copy the command line that does the same", 6),
    Key("setup.find", "slash", "find", "Show only the fields that hold some words", 7, "/"),
    Key("setup.default", "x", "undo field", "Put the field under the mark back to the recipe's value", 8),
    Key("setup.back", "escape,q", "back", "To the home screen; the values are kept", 20, "esc"),
    # A form's rows
    Key("form.edit", "enter", "edit", "Type a value, or step through the choices", palette=False),
    Key("form.next-choice", "right,l,space", "next choice", "The field's next choice", palette=False),
    Key("form.previous-choice", "left,h", "previous choice", "The field's previous choice", palette=False),
    Key("form.next-section", "right_square_bracket", "next section", "To the next subject", palette=False),
    Key("form.previous-section", "left_square_bracket", "previous section", "To the subject before", palette=False),
    # Monitor
    Key("monitor.pause", "p", "pause", "Pause after this step, or go on; a run that has stopped is resumed", 1),
    Key("monitor.save", "s", "save", "Write a checkpoint after this step", 2),
    Key("monitor.evaluate", "e", "eval", "Measure on held-out text after this step", 3),
    Key("monitor.sample", "g", "sample", "Write the samples after this step", 4),
    Key("monitor.log", "l", "log", "The end of the log, or back to the samples", 5),
    Key("monitor.smoother", "plus,equals_sign", "ema", "More smoothing of the strong curve", 6, "+ -"),
    Key("monitor.rougher", "minus", "less smooth", "Less smoothing; none at all in the end"),
    Key("monitor.log-scale", "y", "log", "The chart's height as a logarithm, or not", 7),
    Key("monitor.zoom", "z", "zoom", "The chart over the whole screen, or back", 8),
    Key("monitor.detach", "d", "detach", "Hand the run to a process that outlives this terminal", 9),
    Key("monitor.stop", "x", "stop", "Save and stop the run after this step; asks first", 10),
    Key("monitor.events", "a", "timeline", "What happened and every alert, or back to the samples", 11),
    Key("monitor.compare", "r", "compare", "Lay another run over this one, or take it away", 12),
    Key("monitor.chat", "c", "chat", "Talk to the run's newest checkpoint", 13),
    Key("monitor.metric", "m", "next figure", "Loss, gradient, change of weights, rate, speed, step time, memory"),
    Key("monitor.axis", "t", "axis", "Along the bottom: steps, tokens or time"),
    Key("monitor.clip", "o", "outliers", "Cut outliers off the chart, or show every value"),
    Key("monitor.closer", "up", "closer", "Look closer: half the stretch"),
    Key("monitor.wider", "down", "wider", "Look wider: twice the stretch"),
    Key("monitor.left", "left", "to the left", "Move the stretch to earlier steps; it no longer follows"),
    Key("monitor.right", "right", "to the right", "Move the stretch to later steps; at the end it follows again"),
    Key("monitor.follow", "G,end", "newest", "Follow the newest step; to the end of the lower pane"),
    Key("monitor.whole", "0,home", "whole run", "The whole run again"),
    Key("monitor.earlier", "comma", "sample before", "The sample before this one"),
    Key("monitor.later", "full_stop", "sample after", "The sample after this one"),
    Key("monitor.prompt", "n", "next prompt", "Samples of the next prompt"),
    Key("monitor.difference", "v", "difference", "Mark words that the sample before did not have"),
    Key("monitor.up", "pageup", "page up", "One page up in the lower pane"),
    Key("monitor.down", "pagedown", "page down", "One page down in the lower pane"),
    Key("monitor.filter", "f", "filter", "Timeline and log: all lines, or warnings only"),
    Key("monitor.bell", "b", "bell", "Ring the terminal's bell on an alert, or be silent"),
    Key("monitor.back", "escape,q", "back", "Out of the zoom, else to the home screen; the run goes on", 20, "esc"),
    # Data
    Key("data.preview", "enter", "read", "Read the documents of the source under the mark", 1),
    Key("data.add", "a", "add", "Add a file, a folder or a Hugging Face data set", 2),
    Key("data.count", "c", "count", "Count its tokens by the tokenizers that are kept", 3),
    Key("data.mark", "space", "mark", "Mark the source for a mixture, or not", 5),
    Key("data.mixture", "m", "mix", "Weigh the marked sources against each other", 4),
    Key("data.use", "u", "use", "Set up a run that learns from the source under the mark", 6),
    Key("data.tokenizers", "t", "tokenizers", "How text is cut: reports, comparison, search", 7),
    Key("data.find", "slash", "find", "Show only the sources that hold some words", 8, "/"),
    Key("data.delete", "x", "delete", "Delete the source under the mark; asks first", 9),
    Key("data.other", "tab", "list, details", "Between the list and the details", palette=False),
    Key("data.back", "escape,q", "back", "To the screen before", 20, "esc"),
    # A source's documents
    Key("documents.next", "n,right", "next", "The next document", 1),
    Key("documents.previous", "p,left", "previous", "The document before", 2),
    Key("documents.more", "m", "more", "Read more documents", 3),
    Key("documents.copy", "y", "copy", "Copy the document", 4),
    Key("documents.other", "tab", "list, text", "Between the list and the text", 5),
    Key("documents.back", "escape,q", "back", "Back to the sources", 20, "esc"),
    # Choosing a file
    Key("files.open", "enter", "open", "Into the folder, or look into the file", 1),
    Key("files.take", "space", "take folder", "Take every readable file in the folder under the mark", 2),
    Key("files.path", "slash", "type a path", "Type or paste a path; tab completes", 3, "/"),
    Key("files.hub", "i", "Hugging Face", "A data set of the Hugging Face Hub, by its id", 4),
    Key("files.up", "left,backspace,h", "up", "To the folder above", 5, "←"),
    Key("files.hidden", "full_stop", "hidden", "Show hidden files, or not", 6),
    Key("files.back", "escape,q", "back", "Back to the sources", 20, "esc"),
    # Looking into what is to be added
    Key("adding.add", "a", "add", "Read it all and keep it as a snapshot", 1),
    Key("adding.next", "v", "next reading", "The next way in which its columns can be read", 2),
    Key("adding.back", "escape,q", "back", "Choose another file; nothing is added", 20, "esc"),
    # Weighing sources
    Key("mixture.use", "s", "to setup", "Set up a run that learns from this mixture", 1),
    Key("mixture.keep", "w", "keep", "Keep the mixture under a name", 2),
    Key("mixture.more", "a", "add source", "Put another source in", 3),
    Key("mixture.less", "x", "take out", "Take the source under the mark out", 4),
    Key("mixture.back", "escape,q", "back", "Back to the sources; the mixture is not kept", 20, "esc"),
    # Tokenizers
    Key("tokenizers.report", "enter", "report", "Measure the tokenizer under the mark", 1),
    Key("tokenizers.mark", "space", "mark", "Mark the tokenizer for a comparison, or not", 2),
    Key("tokenizers.compare", "c", "compare", "The marked ones side by side on the same text", 3),
    Key("tokenizers.search", "slash", "search", "Look up tokens by text, bytes or number", 4, "/"),
    Key("tokenizers.sample", "e", "text", "Type the text that is shown cut into tokens", 5),
    Key("tokenizers.train", "n", "new", "Train a tokenizer and keep it", 6),
    Key("tokenizers.data", "d", "data", "Measure on other data", 7),
    Key("tokenizers.use", "u", "use", "Set up a run with the tokenizer under the mark", 8),
    Key("tokenizers.delete", "x", "delete", "Delete the kept version under the mark; asks first", 9),
    Key("tokenizers.other", "tab", "list, report", "Between the list and what is beside it", palette=False),
    Key("tokenizers.back", "escape,q", "back", "Back to the list, then to the screen before", 20, "esc"),
    # A new tokenizer
    Key("tokenizer-new.start", "s", "train", "Train it and keep it", 1),
    Key("tokenizer-new.back", "escape,q", "back", "Back; nothing is trained", 20, "esc"),
    # Chat
    Key("chat.type", "i,enter", "type", "Into the text field", 1, "i"),
    Key("chat.command", "slash", "commands", "Begin a command", 2, "/"),
    Key("chat.stop", "s", "stop", "Stop the reply; what came of it is kept", 3),
    Key("chat.again", "r", "again", "Draw the last reply anew", 4),
    Key("chat.edit", "e", "edit", "Take back the last thing said, to say it otherwise", 5),
    Key("chat.copy", "y", "copy", "Copy the last reply", 6),
    Key("chat.copy-all", "Y", "copy all", "Copy the whole conversation"),
    Key("chat.list", "l", "list", "The kept conversations: go on with one, or delete it", 7),
    Key("chat.new", "n", "new", "Begin another conversation; this one is kept", 8),
    Key("chat.models", "m", "model", "Go on with another model", 9),
    Key("chat.delete", "x", "delete", "Delete this conversation; asks first"),
    Key("chat.other", "tab", "type or scroll", "Between typing and scrolling"),
    Key("chat.back", "escape", "back", "Leave the text field, then to the home screen", 20, "esc"),
    # Steer
    Key("steer.pick-1", "1", "pick 1", "Pick a variant; twice when it is not finished", 1, act="pick(1)"),
    Key("steer.pick-2", "2", "pick 2", "Pick the second", act="pick(2)"),
    Key("steer.pick-3", "3", "pick 3", "Pick the third", act="pick(3)"),
    Key("steer.pick-4", "4", "pick 4", "Pick the fourth", act="pick(4)"),
    Key("steer.pick-5", "5", "pick 5", "Pick the fifth", act="pick(5)", palette=False),
    Key("steer.pick-6", "6", "pick 6", "Pick the sixth", act="pick(6)", palette=False),
    Key("steer.pick-7", "7", "pick 7", "Pick the seventh", act="pick(7)", palette=False),
    Key("steer.pick-8", "8", "pick 8", "Pick the eighth", act="pick(8)", palette=False),
    Key("steer.take", "enter", "pick marked", "Pick the variant under the mark"),
    Key("steer.none", "0,x", "none", "None of these: push all of them down, within bounds", 2),
    Key("steer.skip", "s,n", "skip", "Change nothing, on to the next prompt", 3),
    Key("steer.write", "w", "write", "Write the reply you want: it enters as one more variant, and is the pick", 4),
    Key("steer.again", "r", "again", "Draw other variants of the same prompt", 5),
    Key("steer.edit", "e", "edit", "Change the prompt and draw again; the old group stays in the tree", 6),
    Key("steer.undo", "u", "undo", "Back to before the last decision, the same variants choosable again", 7),
    Key("steer.redo", "U,ctrl+r", "redo", "Take the undone decision again"),
    Key("steer.branch", "b", "branch", "Begin a named branch here", 8),
    Key("steer.tree", "t", "tree", "The tree of states: walk, search, go to any of them", 9),
    Key("steer.compare", "c", "compare", "This state and another one, side by side on the same prompts", 10),
    Key("steer.zoom", "z", "zoom", "The marked variant over the whole screen, or back", 11),
    Key("steer.hotter", "h", "hotter", "Draw again with more heat, when the variants are too alike", 12),
    Key("steer.retaste", "a", "re-taste", "The last prompt again, with the weights as they are now", 14),
    Key("steer.bookmark", "m", "bookmark", "Name this state, to find it again in the tree", 15),
    Key("steer.copy", "y", "copy", "Copy the marked variant", 16),
    Key("steer.versions", "v", "control", "What the control prompt was answered after every step", 17),
    Key("steer.prompt", "p", "prompt", "The whole prompt, and how the model reads it"),
    Key("steer.reveal", "i", "reveal", "How the last group was drawn, and which place was which"),
    Key("steer.settings", "S", "settings", "The settings of another session, and start it"),
    Key("steer.journal", "J", "journal", "The sessions; this one stays open"),
    Key("steer.following", "tab,right", "next variant", "The mark on the next variant"),
    Key("steer.before", "shift+tab,left", "variant before", "The mark on the variant before"),
    Key("steer.back", "escape,q", "back", "Out of the zoom, else leave; the session is kept", 20, "q"),
    # A variant's text
    Key("pane.line-up", "up,k", "up", "One line up", palette=False),
    Key("pane.line-down", "down,j", "down", "One line down", palette=False),
    Key("pane.page-up", "pageup", "page up", "One page up", palette=False),
    Key("pane.page-down", "pagedown,space", "page down", "One page down", palette=False),
    Key("pane.top", "home,g", "top", "To the beginning", palette=False),
    Key("pane.end", "end,G", "newest", "To the newest text, and follow it", palette=False),
    # The tree of states
    Key("tree.checkout", "enter", "go there", "Make the state under the mark the one at hand", 1),
    Key("tree.bookmark", "m", "bookmark", "Name the state under the mark", 4),
    Key("tree.branch", "b", "branch", "Go there and begin a named branch", 5),
    Key("tree.rename", "r", "rename", "Rename the branch under the mark", 6),
    Key(
        "tree.compare",
        "c",
        "compare",
        "Compare two states: once on each, or twice on one for it and the one at hand",
        7,
    ),
    Key("tree.find", "slash", "find", "Search: number, decision, prompt, text, branch or bookmark", 8, "/"),
    Key("tree.found-next", "n", "next found", "To the next state that was found"),
    Key("tree.found-before", "N", "found before", "To the state found before"),
    Key("tree.copy", "y", "copy", "Copy what is told of the state under the mark"),
    Key("tree.back", "escape,q", "back", "Back to steering", 20, "esc"),
    # Set-up of a session
    Key("steer-setup.start", "s", "start", "Load the model and begin a session with these settings", 1),
    Key("steer-setup.preview", "v", "prompts", "The first prompts, and one of them as the model reads it", 2),
    Key("steer-setup.recipe", "p", "recipe", "Begin from another recipe or saved version", 3),
    Key("steer-setup.save", "w", "save", "Save these values as the next version of the recipe", 4),
    Key("steer-setup.command", "y", "command", "Show and copy the command line that does the same", 5),
    Key("steer-setup.find", "slash", "find", "Show only the fields that hold some words", 6, "/"),
    Key("steer-setup.default", "x", "undo field", "Put the field under the mark back to the recipe's value", 7),
    Key("steer-setup.back", "escape,q", "back", "Back; the values are kept", 20, "esc"),
    # Journal
    Key("journal.resume", "enter,r", "resume", "Go on with the session under the mark", 1),
    Key("journal.read", "v", "read", "Read its story, from the root to where it stands", 2),
    Key("journal.clone", "c", "clone", "Begin another session with its settings", 3),
    Key("journal.story", "t", "story", "Write its story to a Markdown file", 4),
    Key("journal.preferences", "p", "preferences", "Write its picks as prompt, chosen and rejected", 5),
    Key("journal.adapter", "a", "adapter", "Save the adapter of its state as a PEFT folder", 6),
    Key("journal.merge", "m", "merge", "Save the whole model with the adapter merged in, checked", 7),
    Key("journal.over", "o", "start over", "Go on from its root; all that was done stays in the tree", 8),
    Key("journal.new", "n", "new", "Another session: its settings first", 9),
    Key("journal.delete", "x", "delete", "Delete the session for good; asks first", 10),
    Key("journal.copy", "y", "copy", "Copy the path of its folder"),
    Key("journal.back", "escape,q", "back", "Back to where you came from", 20, "esc"),
    # Two states side by side
    Key("compare.prompt", "e", "prompts", "Compare on prompts of your own", 1),
    Key("compare.copy", "y", "copy", "Copy all of it", 2),
    Key("compare.back", "escape,q", "back", "Back to steering; stops the comparison", 20, "esc"),
    # Walking in the tree
    Key("walk.parent", "up", "parent", "To the parent", palette=False),
    Key("walk.child", "down", "child", "To the child visited last", palette=False),
    Key("walk.sibling-before", "left", "branch before", "To the branch before", palette=False),
    Key("walk.sibling-after", "right", "next branch", "To the next branch", palette=False),
    Key("walk.cursor-up", "k", "row up", "One row up", palette=False),
    Key("walk.cursor-down", "j", "row down", "One row down", palette=False),
    Key("walk.page-up", "pageup", "page up", "One page up", palette=False),
    Key("walk.page-down", "pagedown,space", "page down", "One page down", palette=False),
    Key("walk.first", "home,g", "root", "To the root", palette=False),
    Key("walk.last", "end,G", "last", "To the last row", palette=False),
    Key("walk.here", "full_stop", "here", "To the state at hand", palette=False),
    # What was said
    Key("transcript.up", "up,k", "up", "One line up", act="line_up", palette=False),
    Key("transcript.down", "down,j", "down", "One line down", act="line_down", palette=False),
    Key("transcript.page-up", "pageup,b", "page up", "One page up", palette=False),
    Key("transcript.page-down", "pagedown,space", "page down", "One page down", palette=False),
    Key("transcript.top", "home,g", "top", "To the beginning", palette=False),
    Key("transcript.end", "end,G", "newest", "To the newest text, and follow it", palette=False),
    # Dialogs
    Key("dialog.cancel", "escape", "cancel", "Close and change nothing", 9, "esc", palette=False),
)


def of(screen: str) -> list[Key]:
    """The keys of one screen, in table order."""
    return [key for key in KEYS if key.screen == screen]


def bindings(screen: str, without: Iterable[str] = ()) -> list[BindingType]:
    """The table's rows as Textual bindings, each with its id so that a keymap can move it; `without` some keys that the
    screen around wants for itself."""
    found: list[BindingType] = []
    for key in of(screen):
        kept = ",".join(one for one in key.keys.split(",") if one not in without)
        found.append(Binding(kept, key.action, key.label, show=False, id=key.id))
    return found


PINNED = ("?", "q", "esc")

_WRITTEN = {
    "question_mark": "?",
    "slash": "/",
    "escape": "esc",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "colon": ":",
    "space": "space",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "full_stop": ".",
    "comma": ",",
}


def written(keys: str) -> str:
    """The first of some comma-separated keys as a person reads it: `question_mark,f1` -> `?`."""
    first = keys.split(",")[0].strip()
    return _WRITTEN.get(first, first)


def label_of(key: Key, keymap: Mapping[str, str]) -> str:
    """How `key` is written now, the user's keymap applied."""
    if key.id in keymap:
        return written(keymap[key.id])
    return key.show or written(key.keys)


def read_keymap(path: Path) -> tuple[dict[str, str], list[str]]:
    """The user's keymap (`id: key`, YAML) and one sentence per line of it that cannot be used.

    An unknown id, a value that is not a key, or a key that clashes with another of the same screen is left out,
    so the default stays. `ctrl+q` always quits, whatever the file says.
    """
    if not path.is_file():
        return {}, []
    import yaml

    try:
        given = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return {}, [f"{path.name} cannot be read ({type(error).__name__}); the default keys are used."]
    if given is None:
        return {}, []
    if not isinstance(given, dict):
        return {}, [f"{path.name} must be lines of `id: key`; the default keys are used."]
    return check_keymap(given)


def check_keymap(given: Mapping[object, object]) -> tuple[dict[str, str], list[str]]:
    """As `read_keymap`, for a mapping already read."""
    table = {key.id: key for key in KEYS}
    keymap: dict[str, str] = {}
    problems: list[str] = []
    for name, value in given.items():
        if name not in table:
            import difflib

            close = difflib.get_close_matches(str(name), table, n=1)
            problems.append(
                f"keys.yaml: there is no action {name!r}." + (f" Did you mean {close[0]!r}?" if close else "")
            )
        elif not isinstance(value, str) or not value.strip():
            problems.append(f"keys.yaml: {name} needs a key, such as `n` or `ctrl+n`.")
        elif name != "app.quit" and "ctrl+q" in value.replace(" ", "").split(","):
            problems.append(f"keys.yaml: ctrl+q for {name} is already app.quit; the default stays.")
        else:
            keymap[str(name)] = ",".join(part.strip() for part in value.split(",") if part.strip())
    for name in list(keymap):
        clash = _clash(table[name], keymap)
        if clash:
            problems.append(f"keys.yaml: {keymap[name]} for {name} is already {clash}; the default stays.")
            del keymap[name]
    if "app.quit" in keymap and "ctrl+q" not in keymap["app.quit"].split(","):
        keymap["app.quit"] += ",ctrl+q"
    return keymap, problems


def _together(one: str, other: str) -> bool:
    """Whether bindings of two screens can be alive at the same time."""
    return one == other or "app" in (one, other)


def _clash(key: Key, keymap: Mapping[str, str]) -> str:
    wanted = set(keymap[key.id].split(","))
    for other in KEYS:
        if other.id == key.id or not _together(key.screen, other.screen):
            continue
        taken = set(keymap.get(other.id, other.keys).split(","))
        if wanted & taken:
            return other.id
    return ""


def fit(entries: Sequence[tuple[str, str]], width: int, gap: int = 3) -> list[tuple[str, str]]:
    """The (key, label) pairs that fit into `width` cells, `gap` cells apart; help and the way out are kept longest."""
    kept = list(entries)

    def need() -> int:
        return 1 + sum(len(key) + (1 + len(label) if label else 0) for key, label in kept) + gap * (len(kept) - 1)

    while len(kept) > 1 and need() > width:
        kept.remove(min(reversed(kept), key=lambda entry: PINNED.index(entry[0]) if entry[0] in PINNED else -1))
    return kept


def ranked(screens: Iterable[str]) -> Iterator[Key]:
    """The keys that the key line shows for some screens, first rank first."""
    rows = [key for name in screens for key in of(name) if key.rank]
    return iter(sorted(rows, key=lambda key: key.rank))
