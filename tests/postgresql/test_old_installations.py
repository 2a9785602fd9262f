"""What earlier versions left on PostgreSQL, or carried over to it, is upgraded, whole, and finished."""

from __future__ import annotations

import lzma
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.bootstrap import Runtime
from runtime.settings import Settings
from runtime.store import copying, db, migrate
from tests.commands import test_old_installations as embedded
from tests.commands.test_old_installations import EARLY, LATE, findings
from tests.databases import Databases
from tests.delivery.servers import Post
from tests.office import Office
from tests.store.leaving import GOLDEN, tools

post = embedded.post
OWN = sorted(GOLDEN.glob("*.dump.xz"))


@pytest.fixture(params=[*OWN, *EARLY, *LATE], ids=lambda path: path.name.removesuffix(".xz"))
def old(
    request: pytest.FixtureRequest, databases: Databases, tmp_path: Path, still_clock: None
) -> Iterator[Office]:
    dump: Path = request.param
    with databases.empty(tmp_path / "moved") as url:
        if dump in OWN:
            file = tmp_path / "dump"
            file.write_bytes(lzma.decompress(dump.read_bytes()))
            into = ["--no-owner", "--exit-on-error", f"--dbname={url}", str(file)]
            subprocess.run([tools() / "pg_restore", *into], check=True)
        else:
            embedded.restored(dump, tmp_path / "home")
            source, target = db.connect(f"sqlite:///{tmp_path / 'home' / 'guicheng.db'}"), db.connect(url)
            migrate.upgrade(source)
            copying.copy(source, target)
            source.dispose()
            target.dispose()
        embedded.come_to(dump)
        runtime = Runtime(Settings(home=tmp_path / "moved"))
        runtime.upgrade()
        assert runtime.engine.dialect.name == "postgresql"
        yield Office(runtime)
        runtime.close()


def test_what_was_left_is_whole_and_everything_that_waits_still_comes(old: Office, post: Post) -> None:
    assert findings(old) == []
    if old.cases_of("ways"):
        embedded.finish(old, post)
    else:
        embedded.finish_early(old)
    assert old.incidents() == [] and findings(old) == []
