"""An upload whose answer was not seen: the platform is asked before anything is sent again."""

import pytest

from harness import assert_done_once, uploads_by_digest, wait_until


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize("firmware_id", ["new", "same"])
def test_a_lost_answer_is_looked_up_and_nothing_is_sent_twice(start_platform, make_agent, how,
                                                              firmware_id):
    platform = start_platform(settings={"firmware_id": firmware_id})
    agent = make_agent(platform=platform)
    images = agent.images(3)
    platform.fault("lost_answer", operation="upload-firmware", how=how, count=2)

    agent.once().ok()

    assert_done_once(agent, platform, images)
    assert len(platform.requests(operation="upload-firmware")) == 3
    assert agent.alerts() == []
    agent.check_ledger()


def test_a_lost_answer_of_a_daemon_is_looked_up_too(platform, agent):
    daemon = agent.run()
    platform.fault("lost_answer", operation="upload-firmware", count=None)
    images = agent.images(4)

    agent.wait_items({"done": 4})

    daemon.terminate()
    assert_done_once(agent, platform, images)
    assert "upload_found_again" in daemon.log()


def test_a_body_cut_in_the_middle_is_sent_again_after_two_looks(platform, agent):
    images = {"router/1.0/fw.bin": agent.image("router/1.0/fw.bin", 8_000_000)}
    platform.fault("reset_mid_body", operation="upload-firmware", after_bytes=1_000_000)

    agent.once().ok()

    assert_done_once(agent, platform, images)
    sent = platform.requests(operation="upload-firmware")
    assert [r["status"] for r in sent] == [None, 200]
    between = [r for r in platform.requests() if "allFirmwares" in r["fields"]
               and sent[0]["time"] < r["time"] < sent[1]["time"]]
    assert len(between) >= 2, "it was sent again before two looks found nothing"
    assert between[-1]["time"] - between[0]["time"] >= 0.19, "two looks a poll_interval apart"
    registered = [r for r in platform.requests() if "createFirmwareUpload" in r["fields"]]
    assert len(registered) == 2


def test_two_rebuilds_of_one_name_are_told_apart(platform, agent):
    """The second's answer is lost; the first, of the same name and version, is not mistaken."""
    agent.configure(watch={"metadata": {"name": "{product}"}})
    first = agent.image("router/1.0/first.bin")
    agent.once().ok()
    second = agent.image("router/1.0/second.bin")
    platform.fault("lost_answer", operation="upload-firmware")

    agent.once().ok()

    rows = assert_done_once(agent, platform, {"router/1.0/first.bin": first,
                                              "router/1.0/second.bin": second})
    assert len({row["firmware_id"] for row in rows}) == 2
    assert len({row["name"] for row in rows}) == 1


def unconfirmed(platform, agent, strangers):
    """An upload whose body was cut, while `strangers` of its name came from elsewhere."""
    platform.fault("reset_mid_body", operation="upload-firmware", after_bytes=100_000)
    platform.fault("delay", operation="upload-firmware", seconds=0.5)
    path = agent.builds / "router/1.0/fw.bin"
    digest = agent.image("router/1.0/fw.bin", 4_000_000)
    daemon = agent.run()
    wait_until(lambda: platform.state()["mutations"], 15, "it is registered")
    ids = platform.add_firmwares(strangers, name="Acme-router-1.0-fw", version="1.0")
    return path, digest, daemon, ids


def test_several_candidates_are_left_to_a_person(platform, agent):
    path, digest, daemon, ids = unconfirmed(platform, agent, strangers=2)

    alert = agent.wait_alert("upload_unconfirmed")

    assert agent.items() == {"unconfirmed": 1}
    assert "fw.bin" in alert["text"] and "--assume" in alert["action"]
    assert agent.command("status", "--check").code == 3
    assert uploads_by_digest(platform) == {}

    # A person saw that it is the second.
    agent.command("retry", path, "--assume", ids[1]).ok()
    agent.wait_items({"done": 1})
    daemon.terminate()
    row, = agent.list()
    assert (row["firmware_id"], row["sha256"], row["state"]) == (ids[1], digest, "done")
    assert row["sboms"] and uploads_by_digest(platform) == {}
    assert len(agent.alerts("upload_unconfirmed")) == 1
    agent.check_ledger()


def test_a_person_may_say_that_it_is_missing(platform, agent):
    path, digest, daemon, ids = unconfirmed(platform, agent, strangers=2)
    agent.wait_alert("upload_unconfirmed")

    agent.command("retry", path, "--assume", "missing").ok()

    agent.wait_items({"done": 1})
    daemon.terminate()
    assert uploads_by_digest(platform) == {digest: 1}
    assert agent.list()[0]["firmware_id"] not in ids


def test_a_decision_that_does_not_fit_is_refused(platform, agent):
    path, _, daemon, ids = unconfirmed(platform, agent, strangers=2)
    agent.wait_alert("upload_unconfirmed")

    agent.image("router/2.0/other.bin")
    agent.wait_items({"unconfirmed": 1, "done": 1})
    other = agent.builds / "router/2.0/other.bin"
    taken = agent.rows()["router/2.0/other.bin"]["firmware_id"]

    refused = agent.command("retry", path, "--assume", taken)
    assert refused.code == 64 and "other.bin" in refused.err
    done = agent.command("retry", other, "--assume", ids[0])
    assert done.code == 64 and "unconfirmed" in done.err
    assert agent.items() == {"unconfirmed": 1, "done": 1}
    daemon.terminate()


def test_what_waits_for_a_person_is_left_alone_by_the_next_pass(platform, agent):
    _, _, daemon, _ = unconfirmed(platform, agent, strangers=2)
    agent.wait_alert("upload_unconfirmed")
    daemon.terminate()

    again = agent.once()

    # It was so before this pass began: nothing new failed, and nothing was sent.
    assert again.code == 0 and agent.items() == {"unconfirmed": 1}
    assert uploads_by_digest(platform) == {}


def test_where_the_list_cannot_be_read_nothing_is_sent_again(platform, agent):
    agent.images(1)
    platform.fault("graphql_errors", operation="allFirmwares", count=None,
                   message="permission denied: view firmware", code="FORBIDDEN")
    platform.fault("lost_answer", operation="upload-firmware")

    daemon = agent.run()

    agent.wait_alert("upload_unconfirmed")
    daemon.terminate()
    assert agent.items() == {"unconfirmed": 1}
    assert len(platform.requests(operation="upload-firmware")) == 1
