"""Every brick a person can choose, as data: a name, where its class lives, one line of help, its own options.

A new brick is one class in its room and one line here.
"""

from __future__ import annotations

from core.brick import Brick, Option, Table
from core.bricks_optim import OPTIMIZERS, SCHEDULES

__all__ = ["OPTIMIZERS", "SCHEDULES", "Brick", "Option", "Table"]

POSITIONS = Table(
    "position scheme",
    Brick(
        "rope",
        "core.models.positions:RotaryPositions",
        "Rotates queries and keys by their place (RoFormer).",
        {
            "theta": Option(10000.0, "Base of the rotation wavelengths", minimum=1.0),
            "recency": Option(
                0.0, "What a token of distance costs in the first head's scores, half as much in each next", minimum=0.0
            ),
        },
        {"rotary": True},
    ),
    Brick(
        "yarn",
        "core.models.positions:YarnPositions",
        "RoPE stretched to a longer context, wavelength by wavelength (YaRN).",
        {
            "theta": Option(10000.0, "Base of the rotation wavelengths", minimum=2.0),
            "factor": Option(4.0, "How many times longer the context becomes", minimum=1.0),
            "original": Option(
                None, "Context before stretching (empty: context / factor)", "tokens", minimum=2, kind=int
            ),
            "temperature": Option(
                None, "What queries and keys are multiplied by (empty: 0.1 ln factor + 1)", minimum=0.01, kind=float
            ),
            "beta_fast": Option(32.0, "Turns within the original context from which nothing is stretched", minimum=0.1),
            "beta_slow": Option(1.0, "Turns up to which all is stretched", minimum=0.01),
        },
        {"rotary": True},
    ),
    Brick(
        "learned",
        "core.models.positions:LearnedPositions",
        "One trained vector per place, as in GPT-2.",
        facts={"table": True},
    ),
    Brick(
        "sinusoidal",
        "core.models.positions:SinusoidalPositions",
        "Fixed waves added to the tokens, as in the first transformer.",
        {"scale": Option(0.02, "Height of the waves; 0.02 is how wide tokens start", minimum=0.0001, maximum=10.0)},
    ),
    Brick(
        "alibi",
        "core.models.positions:AlibiPositions",
        "Every token of distance costs score, in each head its own share (ALiBi).",
        facts={"biased": True},
    ),
    Brick("none", "core.models.positions:Positions", "Nothing tells place but causality (NoPE)."),
)

NORMS = Table(
    "norm",
    Brick(
        "rmsnorm",
        "core.models.norms:RMSNorm",
        "Divides by the root mean square; no mean, no bias.",
        {"eps": Option(1e-6, "Added under the root", minimum=1e-12, maximum=1e-2)},
    ),
    Brick(
        "layernorm",
        "core.models.norms:LayerNorm",
        "Subtracts the mean and divides by the deviation, as in GPT-2.",
        {"eps": Option(1e-5, "Added under the root", minimum=1e-12, maximum=1e-2)},
        {"centred": True},
    ),
)

_APPROXIMATE = Option("none", "Exact GELU or its tanh form", choices=("none", "tanh"))

FEEDFORWARDS = Table(
    "feed-forward",
    Brick(
        "swiglu",
        "core.models.feedforward:SwiGLU",
        "Gated by SiLU: three matrices, the modern default.",
        facts={"gated": True, "keeps": 4},
    ),
    Brick(
        "geglu",
        "core.models.feedforward:GeGLU",
        "Gated by GELU: three matrices.",
        {"approximate": _APPROXIMATE},
        {"gated": True, "keeps": 4},
    ),
    Brick(
        "reglu", "core.models.feedforward:ReGLU", "Gated by ReLU: three matrices.", facts={"gated": True, "keeps": 4}
    ),
    Brick(
        "gelu",
        "core.models.feedforward:GELU",
        "Two matrices with GELU between, as in GPT-2.",
        {"approximate": _APPROXIMATE},
        {"keeps": 2},
    ),
    Brick(
        "relu2",
        "core.models.feedforward:ReLUSquared",
        "Two matrices with squared ReLU between: cheap and strong.",
        facts={"keeps": 2},
    ),
    Brick(
        "relu",
        "core.models.feedforward:ReLU",
        "Two matrices with ReLU between, as in the first transformer.",
        facts={"keeps": 1},
    ),
    Brick(
        "leakyrelu",
        "core.models.feedforward:LeakyReLU",
        "Two matrices with a ReLU that lets some of the negative through.",
        {"slope": Option(0.01, "What is left of negative numbers", minimum=0.0, maximum=1.0)},
        {"keeps": 2},
    ),
    Brick(
        "silu",
        "core.models.feedforward:SiLU",
        "Two matrices with SiLU (Swish) between.",
        facts={"keeps": 2},
    ),
)

EXPERTS = Table(
    "choice of experts",
    Brick("none", "core.models.feedforward:FeedForward", "One feed-forward for all tokens."),
    Brick(
        "topk",
        "core.models.experts:Experts",
        "A router sends each token to a few of many feed-forwards (mixture of experts).",
        {
            "count": Option(8, "Feed-forwards to choose from, each ffn_size wide", minimum=2, maximum=4096),
            "active": Option(2, "Feed-forwards that each token goes through", minimum=1, maximum=64),
            "renormalise": Option(True, "The shares of the chosen ones are made to sum to 1"),
            "balance": Option(0.01, "Weight of the loss that evens out the experts' load", minimum=0.0, maximum=10.0),
            "z_loss": Option(
                0.001, "Weight of the loss that keeps the router's logits small", minimum=0.0, maximum=10.0
            ),
        },
        {"routed": True},
    ),
)

OBJECTIVES = Table(
    "objective",
    Brick("language", "core.training.objectives.language:Language", "Next-token cross-entropy on packed text."),
    Brick(
        "sft",
        "core.training.objectives.sft:Conversations",
        "Next-token cross-entropy on the assistant's words in conversations.",
        {
            "learn": Option(
                "assistant",
                "Which tokens: every reply, the last one of each conversation, or everything",
                choices=("assistant", "last", "everything"),
            ),
            "truncate": Option(
                "turns",
                "Too long for training.context: leave out the last turns, the oldest ones, cut, or drop it",
                choices=("turns", "oldest", "cut", "drop"),
            ),
            "packing": Option(
                "auto",
                "Several conversations in one row, kept apart by a mask (auto: where that is faster)",
                choices=("auto", "on", "off"),
            ),
            "template": Option(
                "own",
                "The base model's chat template, or plain `User:` and `Assistant:` (also when it has none)",
                choices=("own", "plain"),
            ),
        },
    ),
)

TOKENIZERS = Table(
    "tokenizer",
    Brick(
        "bpe",
        "core.tokenization.bpe:train",
        "Byte-level BPE trained on the data; lossless on any bytes.",
        {
            "vocab_size": Option(1024, "Entries, special tokens included", "tokens", minimum=264, maximum=1_000_000),
            "min_frequency": Option(2, "Pairs seen less often are not merged", minimum=1),
            "split_digits": Option(False, "Every digit is a token of its own, so numbers are written digit by digit"),
            "prefix_space": Option(False, "A space before each text, so a first word is like any other; not lossless"),
            "normalizer": Option(
                "none",
                "How text is changed before it is cut; any but none is not lossless",
                choices=("none", "nfc", "nfkc", "lowercase", "nfkc-lowercase", "strip-accents"),
            ),
            "special_tokens": Option([], "Texts that are always one token, such as <|scene|>", kind=list),
            "special_pattern": Option("", "A regular expression: what it finds in the training text is one token too"),
        },
    ),
    Brick("bytes", "core.tokenization.byte:build", "One token per byte; nothing to train."),
    Brick("characters", "core.tokenization.characters:train", "One token per distinct character of the data."),
    Brick(
        "pretrained",
        "core.tokenization.pretrained:load",
        "A tokenizer from a Hugging Face id or folder.",
        {"path": Option("", "Hugging Face id, or a folder")},
    ),
)

_COLUMNS = {
    "column": Option("", "The one column that is read, as text or turns (empty: found out)"),
    "format": Option(
        "auto",
        "How records are laid out",
        choices=(
            "auto", "text", "messages", "sharegpt", "alpaca", "prompt-completion", "preference", "transcript", "prompts"
        ),
    ),
    "map": Option("", "Which column plays which part: prompt=question,completion=answer"),
}  # fmt: skip
_WEIGHT = {
    "weight": Option(
        None, "Share among several sources, relative to theirs (empty: every document once)", minimum=1e-6, kind=float
    )
}

SOURCES = Table(
    "data source",
    Brick(
        "demo",
        "core.data.demo:DemoSource",
        "The built-in corpus: tales and talk in four voices.",
        {
            "documents": Option(20_000, "Tales and conversations to write", minimum=10),
            "seed": Option(1, "Another seed is another corpus", minimum=0),
            "part": Option("all", "Tales and talk, or one of them", choices=("all", "tales", "talk")),
        }
        | _WEIGHT,
    ),
    Brick(
        "files",
        "core.data.files:FilesSource",
        "Text, Markdown, JSONL, JSON, CSV or Parquet files, or folders of them.",
        {
            "path": Option("", "A file, a folder or a glob"),
            "documents": Option(
                "auto", "What one document of a text file is", choices=("auto", "file", "line", "blank-line")
            ),
        }
        | _COLUMNS
        | _WEIGHT,
    ),
    Brick(
        "snapshot",
        "core.data.snapshot_source:SnapshotSource",
        "Data that was added to the workspace and does not change.",
        {"snapshot": Option("", "Its name, or name@version")} | _WEIGHT,
    ),
    Brick(
        "huggingface",
        "core.data.hub:HuggingFaceSource",
        "A data set of the Hugging Face Hub, or a local folder that `datasets` reads.",
        {
            "id": Option("", "Its id, such as roneneldan/TinyStories, or a folder"),
            "subset": Option("", "Its configuration (empty: the only one, or default)"),
            "split": Option("", "A split, or a slice such as train[:5%] (empty: the only one, or train)"),
        }
        | _COLUMNS
        | {
            "streaming": Option(False, "Read over the network row by row, keep nothing on disk"),
            "revision": Option("", "A commit of the data set (empty: the newest, then kept by the run)"),
        }
        | _WEIGHT,
    ),
)

PIPELINE_STAGES = Table(
    "kind of stage",
    Brick("data", "core.stages:Data", "Reads the data through and counts it; later stages may use it by name."),
    Brick("tokenizer", "core.stages:TrainedTokenizer", "Trains a tokenizer on the data; later stages use it by name."),
    Brick("train", "core.stages:Train", "Trains by a recipe: a model from nothing, or on from an earlier stage's."),
    Brick("merge", "core.stages:Merge", "Merges an adapter that an earlier stage trained into a whole model."),
    Brick("evaluate", "core.stages:Evaluate", "Measures an earlier stage's model by one of the suites."),
)

LOGGERS = Table(
    "logger",
    Brick(
        "tensorboard", "core.runs.loggers:TensorBoard", "Writes TensorBoard event files into the run (extra: loggers)."
    ),
    Brick("wandb", "core.runs.loggers:WeightsAndBiases", "Sends metrics to Weights & Biases (extra: loggers)."),
)

_UPDATE: dict[str, Option] = {
    "strength": Option(1.0, "How far an inner step goes; 1 suits the bundled model", minimum=0.01, maximum=20.0),
    "modes": Option(
        8, "Ways in which the model's own replies differ that a pick is weighed by (0: none)", minimum=0, maximum=64
    ),
    "inner_steps": Option(1, "Steps made for each pick", "steps", minimum=1, maximum=64),
    "follow": Option(
        0.3, "Pull towards the pick itself, besides the preference over the others", minimum=0.0, maximum=100.0
    ),
    "replay": Option(0, "Earlier picks that each inner step sees again", "picks", minimum=0, maximum=64),
    "kl_weight": Option(0.04, "Pull back to the untouched model, on every reply", minimum=0.0, maximum=100.0),
    "kl_per_pick": Option(0.3, "Farthest that one pick may move (0: no bound)", "nats per token", minimum=0.0),
    "kl_budget": Option(0.5, "Farthest from the untouched model in all (0: no bound)", "nats per token", minimum=0.0),
    "probe_rise": Option(
        0.1, "Largest rise of the loss on the model's own text, as a share (0: no bound)", minimum=0.0, maximum=10.0
    ),
}
_BETA = Option(3.0, "How soon a preference counts as learned: weight of the log-ratio per token", minimum=0.001)

UPDATE_RULES = Table(
    "update rule",
    Brick(
        "plackett-luce",
        "core.steering.update:PlackettLuce",
        "Listwise: the pick above all the others at once.",
        {**_UPDATE, "beta": _BETA},
    ),
    Brick(
        "dpo",
        "core.steering.update:DPO",
        "The pick above each of the others by itself.",
        {**_UPDATE, "beta": _BETA},
    ),
    Brick("grpo", "core.steering.update:GRPO", "A clipped ratio, one-hot advantages.", _UPDATE),
    Brick(
        "reinforce",
        "core.steering.update:Reinforce",
        "Trellis's rule, exactly, to compare with: one AdamW step per pick, nothing replayed or bounded.",
        {
            "lr": Option(2e-5, "Learning rate of AdamW", minimum=0.0, maximum=1.0),
            "kl_weight": Option(0.03, "Weight of the squared mean log-ratio", minimum=0.0),
        },
    ),
)

PROMPT_SOURCES = Table(
    "prompt source",
    Brick("demo", "core.steering.prompts:demo", "Questions and wishes about the built-in world."),
    Brick("typed", "core.steering.prompts:typed", "Prompts of your own, listed or typed as you go."),
    Brick(
        "file",
        "core.steering.prompts:from_file",
        "A text file with a prompt on each line, or a column of JSONL.",
        {
            "path": Option("", "A .txt or .jsonl file, or a folder of them"),
            "column": Option("", "JSONL: the field that holds the prompt (empty: found by its name)"),
        },
    ),
    Brick(
        "snapshot",
        "core.steering.prompts:from_snapshot",
        "A data snapshot of this workspace.",
        {
            "snapshot": Option("", "Name of the snapshot (`ogive data list`)"),
            "column": Option("", "The field that holds the prompt (empty: found by its name)"),
        },
    ),
    Brick(
        "hub",
        "core.steering.prompts:from_hub",
        "A Hugging Face data set.",
        {
            "path": Option("", "Its id, such as owner/name"),
            "subset": Option("", "Its configuration (empty: the default one)"),
            "split": Option("train", "Which part"),
            "column": Option("", "The column that holds the prompt (empty: found by its name)"),
            "most": Option(10_000, "Rows read at most (0: all)", "rows", minimum=0),
            "streaming": Option(False, "Read rows as they come, without fetching the whole set first"),
        },
    ),
)
