"""A model with a trainable adapter: draw replies, learn a pick, go back to any state. It knows no tree and no file.

What it does next depends on `tensors()` and `modes` alone: the same tensors draw the same replies from the same seed,
and with the same modes the same lesson gives the same tensors, bit for bit (on one machine with one number of threads).
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from core import adapters
from core.cancel import Cancel
from core.errors import OgiveError
from core.files import os_failure
from core.generation.decode import Piece, complete, generate, stop_ids_of
from core.hardware import pick_device
from core.models.adapted import save_adapter
from core.models.base import identify
from core.models.catalog import resolve_model
from core.models.decoder import Decoder
from core.models.loading import LoadedModel, load
from core.settings.sampling import SamplingSettings
from core.settings.steering import SteeringSettings
from core.steering import directions, modes
from core.steering.estimate import own_replies
from core.steering.learner import Learner
from core.steering.lesson import Lesson, Report
from core.steering.modes import Modes
from core.steering.scoring import Scorer
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.merging import MergeReport

Progress = Callable[[str, int, int | None], None]

OWN_TEXTS, OWN_TOKENS = 16, 96
"""What is drawn of the model's own words, before there is an adapter."""
OWN_SEED = 20_240
SIDE_BY_SIDE = 16
"""How many replies to one prompt are drawn at a time to find the model's modes."""
_MOMENTS = "optimizer."


class Policy:
    """Made by `load`, or from a model that is loaded already, whose layers it wraps."""

    def __init__(self, loaded: LoadedModel, settings: SteeringSettings) -> None:
        self.settings = settings
        self.tokenizer = loaded.tokenizer
        self.context = loaded.context
        self.name = loaded.name
        self.path = loaded.path
        self.stop_ids = stop_ids_of(loaded)
        base = loaded.model.eval()
        # On the CPU our own decoder draws from a twin whose weights hold the adapter: no small products per token.
        twin = isinstance(base, Decoder) and loaded.device.type == "cpu"
        self._plain = copy.deepcopy(base) if twin else None
        rule = settings.update.brick.load()(**settings.update.options)
        self.rule = rule
        own = [] if rule.lasting else self._own_words(loaded)
        with torch.random.fork_rng(devices=[loaded.device] if loaded.device.type == "cuda" else []):
            torch.manual_seed(settings.seed)
            self.model: Any = adapters.attach(base, settings.adapter).eval()
            if own:
                directions.aim(self.model, own)
        self._loaded = replace(loaded, model=self.model)
        _round_down(self.model)
        probe = own[0] if own and rule.bounded and rule.probe_rise else None
        self._learner = Learner(self.model, rule, settings.seed, probe)
        self._heard: tuple[object, Modes | None] = (None, None)
        self._root = self.tensors()
        self._twins = list(_twins(self.model, self._plain)) if self._plain is not None else []
        self._stale = True

    @classmethod
    def load(
        cls,
        settings: SteeringSettings,
        workspace: Workspace,
        cancel: Cancel | None = None,
        progress: Progress | None = None,
    ) -> Policy:
        """The model that the settings name, with a fresh adapter. Raises OgiveError when it cannot be had."""
        tell = progress or (lambda doing, done, total: None)
        tell("loading the model", 0, None)
        device = pick_device(settings.device)
        dtype = _dtype(settings.precision, device)
        quantise = settings.precision if settings.precision in ("8bit", "4bit") else None
        entry = resolve_model(workspace, settings.model or None)
        loaded = load(entry.location, device, dtype, settings.trust_remote_code, quantise=quantise)
        loaded.name = entry.title or entry.name
        if cancel is not None:
            cancel.check("Loading the model")
        tell("fitting the adapter", 0, None)
        return cls(loaded, settings)

    @property
    def device(self) -> torch.device:
        return self._loaded.device

    @property
    def parameters(self) -> int:
        """How many numbers a pick can change."""
        return sum(weight.numel() for weight in self._learner.parameters.values())

    # Drawing

    def draw(
        self,
        prompt_ids: Sequence[int],
        sampling: SamplingSettings,
        variants: int = 1,
        seed: int | None = None,
        cancel: Cancel | None = None,
    ) -> Iterator[Piece]:
        """Replies to a prompt under the adapter, as `core.generation.decode.generate` yields them."""
        chosen = sampling if seed is None else sampling.model_copy(update={"seed": seed})
        yield from generate(self.drawing(), prompt_ids, chosen, variants, self.stop_ids, cancel)

    def drawing(self) -> nn.Module:
        if self._plain is None:
            return self.model
        if self._stale:
            for layer, twin, weight in self._twins:
                _add(layer, twin, weight)
            self._stale = False
        return self._plain

    @torch.no_grad()
    def logp(self, prompt_ids: Sequence[int], completion_ids: Sequence[int], temperature: float = 1.0) -> float:
        """Mean log-probability per token of a reply, adapter on, in nats."""
        lesson = Lesson(tuple(prompt_ids), (tuple(completion_ids),), None, temperature)
        return float(Scorer(self.model)([lesson])[0].mean()[0])

    # Learning

    def learn(self, lesson: Lesson, replay: Sequence[Lesson] = (), cancel: Cancel | None = None) -> Report:
        """The whole update for one decision, in place. `replay` are the lessons on the path to here, oldest first.

        Deterministic in (`tensors()`, lesson, replay, settings). A cancelled one raises Stopped and changes nothing.
        """
        for reply in lesson.completions:
            if len(lesson.prompt_ids) + len(reply) > self.context + 1:
                raise OgiveError(
                    f"Prompt and reply are {len(lesson.prompt_ids) + len(reply)} tokens; "
                    f"the model sees at most {self.context}.",
                    "Choose or write a shorter reply.",
                )
        self._stale = True
        return self._learner.learn(lesson, replay, cancel)

    def prepare(self, prompt_ids: Sequence[int], completions: Sequence[Sequence[int]], temperature: float) -> None:
        """Compute ahead what `learn` will need of a group whatever is picked; changes no result."""
        lesson = Lesson(tuple(prompt_ids), tuple(map(tuple, completions)), None, temperature)
        self._learner.reference(lesson.only(lesson.distinct()))

    # In which ways its replies differ

    @property
    def modes(self) -> Modes | None:
        """By what picks are weighed; None: by nothing. A session sets its own."""
        return self._learner.modes

    @modes.setter
    def modes(self, found: Modes | None) -> None:
        self._learner.modes = found

    def modes_of(self, tensors: dict[str, Tensor]) -> Modes:
        """Modes that were kept; OgiveError when they are another adapter's."""
        return Modes.of(tensors, self.parameters, self.device)

    def listen(
        self, asked: Sequence[Sequence[int]], cancel: Cancel | None = None, progress: Progress | None = None
    ) -> Modes | None:
        """The modes of the untouched model's replies to these prompts; the policy is back at that model after.

        None where the rule takes none, nothing is asked, or the model is too large to be listened to here
        (`core.steering.estimate.own_replies`).
        """
        prompts = tuple(dict.fromkeys(map(tuple, asked)))
        size = sum(weight.numel() for weight in self._loaded.model.parameters())
        count = own_replies(size, self.parameters, self.device.type)
        if not self.rule.modes or not prompts or not count:
            return None
        self.reset()
        if self._heard[0] != prompts:
            tell = progress or (lambda doing, done, total: None)
            groups = self._own_replies(prompts, count, cancel)
            weights = list(self._learner.parameters.values())

            def told(done: int) -> None:
                tell("listening to its own replies", done, count)

            self._heard = (prompts, modes.find(Scorer(self.model), weights, groups, count, self.rule.modes, told))
        return self._heard[1]

    def _own_replies(self, prompts: Sequence[tuple[int, ...]], count: int, cancel: Cancel | None) -> Iterator[Lesson]:
        """So many replies in all, alike many to each prompt."""
        sampling = self.settings.sampling
        for number, prompt in enumerate(prompts):
            left = (count * (number + 1)) // len(prompts) - (count * number) // len(prompts)
            while left > 0:
                seeded = sampling.model_copy(update={"seed": OWN_SEED + 1000 * number + left})
                rows = complete(self.drawing(), prompt, seeded, min(left, SIDE_BY_SIDE), self.stop_ids, cancel)
                if cancel is not None:
                    cancel.check("Listening")
                left -= len(rows)
                said = tuple(tuple(row.tokens) for row in rows if row.tokens)
                if said:
                    yield Lesson(prompt, said, None, sampling.temperature)

    # States

    def tensors(self) -> dict[str, Tensor]:
        """Copies on the CPU of everything that decides the next update and draw, by stable names.

        For bounded rules all are bfloat16 without loss, and the A matrices are the same in every state.
        """
        small = not self.rule.lasting
        found = {
            name: tensor.bfloat16() if small and tensor.is_floating_point() else tensor
            for name, tensor in adapters.adapter_state(self.model).items()
        }
        return found | {_MOMENTS + name: moment.cpu().clone() for name, moment in self._learner.moments.items()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Go to a state exactly. Raises OgiveError, with nothing changed, when it is not one of this model."""
        moments = {name: tensor for name, tensor in tensors.items() if name.startswith(_MOMENTS)}
        if {name.removeprefix(_MOMENTS) for name in moments} != set(self._learner.moments):
            raise OgiveError("The state was made by another update rule.", "Open it with the rule it was made by.")
        adapters.load_adapter_state(self.model, {name: t for name, t in tensors.items() if name not in moments})
        for name, moment in moments.items():
            self._learner.moments[name.removeprefix(_MOMENTS)].copy_(moment)
        self._stale = True

    def reset(self) -> None:
        """Back to the fresh adapter, exactly."""
        self.restore(self._root)

    def drift(self, against: Mapping[str, Tensor] | None = None) -> float:
        """Norm of the change of the weights, all layers together, from the root or from another state's tensors."""
        if against is None:
            return adapters.change_norm(self.model)
        return _distance(self.model, against)

    # Out into files

    def save_adapter(self, folder: str | Path) -> None:
        """Write the adapter as a PEFT folder."""
        save_adapter(self.model, folder, identify(self.path), self.tokenizer)

    def merge(self, folder: str | Path) -> MergeReport:
        """Write the whole model with the adapter added into its weights, loaded again and compared; the policy itself
        stays as it is. Raises OgiveError when `folder` is there already."""
        from core.merging import merge

        target = Path(folder)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            beside = tempfile.TemporaryDirectory(dir=target.parent, prefix=".adapter-")
        except OSError as error:
            raise os_failure("write", target, error) from error
        with beside as place:
            self.save_adapter(place)
            return merge(place, target, trust_remote_code=self.settings.trust_remote_code)

    # Its own words

    def _own_words(self, loaded: LoadedModel) -> list[Lesson]:
        """Texts in the model's own words, drawn before there is an adapter: what the adapter is aimed by; the first one
        is what the guard of the bounds watches."""
        start = (self.tokenizer.eos_id if self.tokenizer.bos_id is None else self.tokenizer.bos_id,)
        room = max(2, min(OWN_TOKENS, self.context - 1))
        sampling = SamplingSettings(temperature=1.0, top_p=1.0, max_new_tokens=room, seed=OWN_SEED)
        drawn = complete(loaded, start, sampling, OWN_TEXTS, stop_ids=())
        return [Lesson(start, (tuple(text.tokens),), None) for text in drawn]


def _dtype(precision: str, device: torch.device) -> torch.dtype | None:
    """fp32 on the CPU and where asked for, else bf16, which is also what a quantised model computes in."""
    if precision == "fp32" or (precision == "auto" and device.type != "cuda"):
        return torch.float32
    return torch.bfloat16


@torch.no_grad()
def _round_down(model: nn.Module) -> None:
    """Make the fresh adapter representable in bfloat16, so that a state holds it exactly."""
    for weight in model.parameters():
        if weight.requires_grad:
            weight.copy_(weight.bfloat16())


def _twins(model: nn.Module, plain: Decoder) -> Iterator[tuple[Any, nn.Linear, Tensor]]:
    """Each adapted layer, the plain layer of the twin, and that layer's weight without the adapter."""
    own = dict(plain.named_modules())
    inner = next(module for module in model.modules() if isinstance(module, Decoder))
    for name, module in inner.named_modules():
        if hasattr(module, "lora_A"):
            twin = own[name]
            assert isinstance(twin, nn.Linear)
            yield module, twin, twin.weight.detach().clone()


@torch.no_grad()
def _add(layer: Any, twin: nn.Linear, weight: Tensor) -> None:
    twin.weight.copy_(weight + layer.get_delta_weight(adapters.NAME))


@torch.no_grad()
def _distance(model: nn.Module, against: Mapping[str, Tensor]) -> float:
    """Norm over all layers of (alpha / r) (B A - B' A'), from the small matrices: B A - B' A' = [B, -B'] [A; A']."""
    total = 0.0
    for name, module in model.named_modules():
        if not hasattr(module, "lora_A"):
            continue
        other = {part: against[f"{name}.{part}.weight"].double().to(_device(module)) for part in ("lora_A", "lora_B")}
        a = torch.cat((module.lora_A[adapters.NAME].weight.double(), other["lora_A"]))
        b = torch.cat((module.lora_B[adapters.NAME].weight.double(), -other["lora_B"]), dim=1)
        total += module.scaling[adapters.NAME] ** 2 * float(((b.t() @ b) * (a @ a.t())).sum())
    return max(total, 0.0) ** 0.5


def _device(module: Any) -> torch.device:
    return module.lora_A[adapters.NAME].weight.device
