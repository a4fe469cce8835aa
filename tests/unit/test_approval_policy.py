"""When a `write` call needs a yes, as tables."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from adapters.settings import Settings
from core.approvals.policy import Rules, read_rules
from core.catalog import to_agent
from core.errors import ConfigurationError
from core.models import Agent, ApprovalPolicy

MAIL = "send_email"
HERE = "slack:T1"


def agent(approval: ApprovalPolicy | None = None) -> Agent:
    return Agent(name="email", description="Mails.", approval=approval)


@pytest.mark.parametrize(
    ("rules", "front", "policy"),
    [
        ("", None, "tainted"),
        ("never", None, "never"),
        ("always", None, "always"),
        # An agent's file can ask for more, never for less.
        ("", "never", "tainted"),
        ("", "always", "always"),
        ("never", "tainted", "tainted"),
        # What is said about the tool or the agent stands in the place of the default; of both the strictest counts.
        ("send_email=never", None, "never"),
        ("always, send_email=tainted", None, "tainted"),
        ("send_email=never, @email=always", None, "always"),
        ("@email=never", None, "never"),
        ("@email=never", "always", "always"),
        ("other_tool=always, @other=always", None, "tainted"),
        # A workspace's rule is the last word, the closest one first.
        ("always, slack:T1=never", "always", "never"),
        ("slack:T2=never", None, "tainted"),
        ("slack:T1=never, slack:T1/send_email=always", None, "always"),
        ("slack:T1=always, slack:T1/@email=never", None, "never"),
        ("slack:T1/other_tool=never", None, "tainted"),
        ("telegram:-100123=always", None, "tainted"),
    ],
)
def test_the_strictest_counts_and_a_workspace_has_the_last_word(
    rules: str, front: str | None, policy: str
) -> None:
    who = agent(None if front is None else ApprovalPolicy(front))
    assert read_rules(rules).policy(tool=MAIL, agent=who, workspace=HERE) == policy


@pytest.mark.parametrize(
    ("policy", "tainted", "needed"),
    [
        ("never", False, False),
        ("never", True, False),
        ("tainted", False, False),
        ("tainted", True, True),
        ("always", False, True),
        ("always", True, True),
    ],
)
def test_a_yes_is_needed(policy: str, tainted: bool, needed: bool) -> None:
    rules = Rules(ApprovalPolicy(policy))
    assert rules.need_yes(tool=MAIL, agent=agent(), workspace=HERE, tainted=tainted) is needed


def test_an_agents_file_may_ask_for_more_and_a_wrong_word_is_named() -> None:
    file = "---\nname: email\ndescription: Mails.\napproval: {}\n---\nMail."
    assert to_agent(file.format("always"), source="email.md").approval is ApprovalPolicy.ALWAYS
    with pytest.raises(ConfigurationError, match="approval"):
        to_agent(file.format("sometimes"), source="email.md")


def test_rules_that_can_not_be_read_stop_the_start() -> None:
    with pytest.raises(ValidationError, match="is no rule"):
        Settings(_env_file=None, flowmate_approval="send_email=perhaps")


@pytest.mark.parametrize("text", ["sometimes", "send_email=", "=never", "@=never", "a=b=c", "never always"])
def test_what_is_no_rule_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no rule"):
        read_rules(text)
