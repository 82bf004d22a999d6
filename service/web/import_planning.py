"""What the pages of an import share: who asks for which town, the file, and its plan."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine
from starlette.datastructures import FormData

from knowledge.importing.findings import ImportRefused
from knowledge.importing.form import Form
from knowledge.importing.limits import LIMITS
from service.accounts.viewer import Viewer
from service.errors import DeskError, NotReady
from service.records.exchange import plan_any
from service.records.importing import ImportOptions, Planned, mappings_of
from service.uploads import Upload, find_upload, gone, remove_folder
from service.web.rights_dependency import needs
from service.web.town_of import town_of
from service.web.world import World, world_of

Importer = Annotated[Viewer, Depends(needs("records.import"))]
# A nation-wide list takes over a gigabyte while it is planned or carried out: one at a time.
ONE_AT_A_TIME = threading.Lock()
# A mapping has a field per column, a preview one per conflict and per likely double.
MOST_FIELDS = LIMITS.columns + 1_000


class Unreadable(DeskError):
    """The file cannot be read (any more), in the words of the import."""

    code = "unreadable"
    status = 422


def uploads_folder(world: World) -> Path:
    """Return where files wait to be confirmed."""
    return world.settings.data_dir / "uploads"


def store_of(world: World) -> Engine:
    """Return the store; raise :class:`NotReady` on a desk that runs without one."""
    if world.engine is None:
        raise NotReady("この窓口はデータベースなしで動いているので、取り込めません。")
    return world.engine


def upload_of(request: Request, viewer: Viewer, upload_id: str) -> Upload:
    """Return the viewer's own upload in this town.  Raises :class:`NotFound`."""
    folder = uploads_folder(world_of(request))
    return find_upload(folder, upload_id, town_of(request).code, viewer.person_id)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, and ``basis``: what it was made on, so that the same is carried out as was seen.

    ``saved`` are the town's mappings at that time.
    """

    planned: Planned
    saved: tuple[Form, ...]
    basis: str


def plan_upload(request: Request, upload: Upload) -> Planned:
    """Plan the file on what the town's store holds now.

    Raises ImportRefused, NotFound when another window has removed the file meanwhile.
    """
    world, about = world_of(request), upload.about
    options = ImportOptions(
        dataset=about.options.dataset,
        source=about.options.source,
        as_of=about.options.as_of,
        only=about.options.only,
        companions=upload.companions,
    )
    try:
        with ONE_AT_A_TIME:
            return plan_any(
                store_of(world), about.town_code, upload.file, about.name, options, world.today()
            )
    except FileNotFoundError as error:
        raise gone() from error


def prepare_upload(request: Request, upload: Upload) -> Prepared:
    """Plan the file as ``plan_upload`` does; one that cannot be read any more is removed.

    Raises :class:`Unreadable`.
    """
    # Before the plan: a mapping saved meanwhile then makes another basis.
    saved = mappings_of(store_of(world_of(request)), upload.about.town_code)
    try:
        planned = plan_upload(request, upload)
    except ImportRefused as error:
        remove_folder(upload.folder)
        raise Unreadable(str(error)) from error
    return Prepared(planned, saved, _basis(upload, planned, saved))


def _basis(upload: Upload, planned: Planned, saved: Sequence[Form]) -> str:
    parts = (
        str(planned.revision),
        planned.sha256,
        planned.plan.today.isoformat(),
        upload.about.model_dump_json(),
        *(form.model_dump_json() for form in saved),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


async def _many_fields(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=MOST_FIELDS)


# For forms with more fields than the app allows elsewhere.
ManyFields = Annotated[FormData, Depends(_many_fields)]
