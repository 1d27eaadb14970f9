"""Putting an exported folder on the Hugging Face Hub: only when asked, by name."""

from __future__ import annotations

from pathlib import Path

from core.errors import OgiveError
from core.models.names import CONFIG


def push(folder: Path, repository: str, private: bool = True) -> str:
    """Upload `folder` to `repository` ("owner/name"), made when it is not there; its address.

    Raises OgiveError when nobody is logged in, the name is refused or the network cannot be reached.
    """
    if not (folder / CONFIG).is_file():
        raise OgiveError(
            f"{folder} is no exported model: it has no {CONFIG}.", "Make one: ogive export MODEL --out DIR"
        )
    if repository.count("/") != 1 or not all(repository.split("/")):
        raise OgiveError(f"{repository!r} is no repository on the Hub.", "Name it owner/name.")
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
    from huggingface_hub.utils import HFValidationError

    if get_token() is None:
        raise OgiveError("Nobody is logged in to the Hugging Face Hub.", "Run `hf auth login`, or set HF_TOKEN.")
    api = HfApi()
    try:
        api.create_repo(repository, private=private, exist_ok=True)
        api.upload_folder(repo_id=repository, folder_path=folder, commit_message="Exported from Ogive")
    except (HFValidationError, HfHubHTTPError) as error:
        raise OgiveError(
            f"The Hub refused {repository}: {str(error).splitlines()[0]}", "Check name and token."
        ) from None
    except (OfflineModeIsEnabled, OSError) as error:  # every failure of the connection is an OSError
        raise OgiveError(
            "The Hugging Face Hub cannot be reached.", f"Go online and try again ({type(error).__name__})."
        ) from None
    return f"https://huggingface.co/{repository}"
