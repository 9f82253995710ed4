"""Answers a spoken question with a spoken answer: `voice_assistant.py FOLDER question.wav answer.wav`.

The plan is fixed: hear, answer, speak. What was said is somebody else's text, so the rule that it may be
spoken again stands in the code, and nothing else may be done with it.
"""

import sys
from pathlib import Path

from prudent_agents import Agent, Plan, Run, Tool
from prudent_agents.plan import SAY, Given, Ref, Step
from prudent_agents.tools import built_in

RULES = ["allow: untrusted -> audio.say.text"]


def plan(question: str, answer: str) -> Plan:
    """Recording in, recording out."""
    heard = Ref(step="hear", path=("text",))
    return Plan(
        goal="Answer the spoken question.",
        steps=(
            Step(id="hear", tool="audio.transcribe", arguments={"audio": Given(value=question)}),
            Step(
                id="answer",
                tool=SAY,
                instruction="Answer the question in one or two short sentences.",
                arguments={"question": heard},
            ),
            Step(
                id="speak",
                tool="audio.say",
                arguments={"text": Ref(step="answer"), "path": Given(value=answer)},
            ),
        ),
    )


def assistant(folder: Path) -> Agent:
    """The agent, with the models of this process."""
    return voiced(built_in("audio.transcribe", root=folder), built_in("audio.say", root=folder))


def voiced(hear: Tool, speak: Tool) -> Agent:
    """The agent with these tools."""
    return Agent(tools=[hear, speak], rules=RULES, name="voice")


def answered(agent: Agent, question: str, answer: str) -> Run:
    """Answer one recording, and show what was heard and said."""
    run = agent.execute(plan(question, answer))
    for step, who in (("hear", "you"), ("answer", "prudent")):
        if step in run.results:
            said = run.results[step].data
            print(f"{who}: {said['text'] if step == 'hear' else said}")
    return run


if __name__ == "__main__":
    with assistant(Path(sys.argv[1])) as made:
        done = answered(made, sys.argv[2], sys.argv[3])
        sys.exit(0 if done.status == "done" else f"{done.status}: {done.error}")
