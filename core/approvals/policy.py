"""When a `write` call needs a yes: the deployment's rules, and what an agent's own file adds. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.models import Agent, ApprovalPolicy

POLICIES = ", ".join(ApprovalPolicy)


@dataclass(frozen=True)
class Rules:
    """The deployment's rules. Where a workspace has one it is the last word; otherwise the strictest counts."""

    default: ApprovalPolicy = ApprovalPolicy.TAINTED
    """Where nothing is said about the tool or the agent."""
    tools: Mapping[str, ApprovalPolicy] = field(default_factory=dict)
    agents: Mapping[str, ApprovalPolicy] = field(default_factory=dict)
    workspaces: Mapping[str, ApprovalPolicy] = field(default_factory=dict)
    """By `platform:workspace`, alone or with `/tool` or `/@agent` behind it."""

    def policy(self, *, tool: str, agent: Agent, workspace: str) -> ApprovalPolicy:
        """When this agent's calls of this tool need a yes in this workspace.

        What an agent's file says can only make it stricter: whoever may write an agent must not let it loose.
        """
        for place in (f"{workspace}/{tool}", f"{workspace}/@{agent.name}", workspace):
            if place in self.workspaces:
                return self.workspaces[place]
        said = [*_said(self.tools, tool), *_said(self.agents, agent.name)] or [self.default]
        return ApprovalPolicy.strictest([*said, agent.approval or ApprovalPolicy.NEVER])

    def need_yes(self, *, tool: str, agent: Agent, workspace: str, tainted: bool) -> bool:
        """Whether a call needs one; `tainted`: untrusted text may have steered it."""
        policy = self.policy(tool=tool, agent=agent, workspace=workspace)
        return policy is ApprovalPolicy.ALWAYS or (policy is ApprovalPolicy.TAINTED and tainted)


def _said(rules: Mapping[str, ApprovalPolicy], name: str) -> list[ApprovalPolicy]:
    return [rules[name]] if name in rules else []


def read_rules(text: str) -> Rules:
    """`tainted, send_email=always, @email=never, platform:T1=never`: a default, and exceptions from it.

    An exception names a tool, an `@agent`, a `platform:workspace`, or a `platform:workspace/tool` (or `/@agent`).
    Raises ValueError naming the part that can't be read.
    """
    default = ApprovalPolicy.TAINTED
    named: dict[str, dict[str, ApprovalPolicy]] = {"tool": {}, "agent": {}, "workspace": {}}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (piece.strip() for piece in part.rpartition("="))
        if value not in list(ApprovalPolicy) or (equals and not name.strip("@")):
            raise ValueError(f"{part!r} is no rule: write one of {POLICIES}, or NAME=POLICY")
        policy = ApprovalPolicy(value)
        if not equals:
            default = policy
        elif ":" in name:
            named["workspace"][name] = policy
        elif name.startswith("@"):
            named["agent"][name[1:]] = policy
        else:
            named["tool"][name] = policy
    return Rules(default, named["tool"], named["agent"], named["workspace"])
