"""Questions of a suggestion: asked once, answered by a person, never guessed."""

from dataclasses import dataclass, field

from ptanalytics.errors import LayoutError
from ptanalytics.loading.suggestion import Question


@dataclass
class Asking:
    """The answers a person has given, the questions still open, and notes."""

    answers: dict[str, str]
    questions: list[Question] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def ask(self, question: Question) -> str | None:
        """Return the answer to a question; without one the question stays open.

        Raises:
            LayoutError: The answer is none of the options.
        """
        self.used.add(question.id)
        answer = self.answers.get(question.id)
        if answer is None:
            if question.id not in {asked.id for asked in self.questions}:
                self.questions.append(question)
            return None
        if question.options and answer not in question.options:
            message = f"The answer to {question.id} must be one of {', '.join(question.options)}."
            raise LayoutError(message)
        return answer
