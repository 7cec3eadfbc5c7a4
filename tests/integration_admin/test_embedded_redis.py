"""The Redis that the console starts itself."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import redis

from integration_admin import embedded_redis
from integration_admin.embedded_redis import EmbeddedRedis, RedisNotStartedError


def test_it_listens_on_a_socket_that_only_its_owner_reaches(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path)

    server.start()
    address = embedded_redis.address(tmp_path)
    policy = redis.Redis.from_url(address).config_get("maxmemory-policy")
    server.stop()

    assert address.startswith("unix://")
    assert policy == {"maxmemory-policy": "noeviction"}
    assert stat.S_IMODE((tmp_path / "redis").stat().st_mode) == 0o700


def test_where_the_path_is_too_long_it_listens_on_loopback_with_a_password(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 30)
    server = EmbeddedRedis(deep)

    server.start()
    address = embedded_redis.address(deep)
    answers = server.is_ready()
    stranger = redis.Redis.from_url(f"redis://{address.rpartition('@')[2]}")
    with pytest.raises(redis.AuthenticationError):
        stranger.ping()
    server.stop()

    assert answers
    assert address.rpartition("@")[2].startswith("127.0.0.1:")


def test_a_second_server_in_the_folder_is_refused(tmp_path: Path) -> None:
    first, second = EmbeddedRedis(tmp_path), EmbeddedRedis(tmp_path)
    first.start()

    with pytest.raises(RedisNotStartedError, match="Another console"):
        second.prepare(within=0.1)
    first.stop()


def test_a_folder_with_blanks_and_quotes_is_fine(tmp_path: Path) -> None:
    odd = tmp_path / 'a "b" #c'
    server = EmbeddedRedis(odd)

    server.start()
    answers = server.is_ready()
    server.stop()

    assert answers


def test_a_server_that_does_not_start_names_its_log(tmp_path: Path) -> None:
    (tmp_path / "redis" / "appendonlydir").mkdir(parents=True)
    manifest = tmp_path / "redis" / "appendonlydir" / "appendonly.aof.manifest"
    manifest.write_text("this is no manifest\n", encoding="ascii")
    server = EmbeddedRedis(tmp_path)

    with pytest.raises(RedisNotStartedError, match=r"redis\.log"):
        server.start()
