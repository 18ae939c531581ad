"""What the Plan tuner knows: the draft, what it adds up to, suggestions, what stands in the way, signing. No widgets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import traitlets as tl

from ptanalytics.apps.patient_model import NO_PATIENT, PatientModel
from ptanalytics.charts import mark_synthetic, plot_weekly_volume
from ptanalytics.plans import (
    INTENDED_USE,
    PlanDraft,
    Prescription,
    SignedVersion,
    Suggestion,
    TuningInputs,
    blockers,
    check_draft,
    exercise_catalogue,
    exercise_name,
    plan_history,
    suggest,
    tuning_inputs,
    warnings,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TunerState:
    """Whose plan is edited, and the edits."""

    patient_id: str | None = None
    draft: PlanDraft | None = None


class TunerModel(PatientModel):
    """The plan of one patient being edited. Nothing is stored until it is signed; drafts are kept by patient."""

    who = tl.Unicode("")
    role = tl.Unicode("")
    reason = tl.Unicode("")
    #: First day of the new version; None is today.
    from_date = tl.Any(None)
    #: Sentences the clinician weighs; they stop nothing.
    warnings = tl.List(tl.Unicode())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._drafts: dict[str, PlanDraft] = {}
        self._known: dict[str, dict[str, Any]] = {}
        super().__init__(*args, **kwargs)
        self.check()

    def start_state(self, patient_id: str | None) -> TunerState:
        """Return the state in which a patient is opened: the unsigned edits made before, or the plan as it is."""
        if patient_id is None:
            return TunerState()
        draft = self._drafts.get(patient_id) or PlanDraft.start(self.study, patient_id)
        return TunerState(patient_id, draft)

    def move_to(self, patient_id: str) -> None:
        """Open another patient's plan. Undo does not lead from one patient's plan into another's."""
        if patient_id == self.patient_id:
            return
        self.forget_undo()
        self.state = self.start_state(patient_id)

    @property
    def draft(self) -> PlanDraft:
        """The plan as edited."""
        draft: PlanDraft = self.state.draft
        return draft

    def before(self, exercise_id: str) -> Prescription | None:
        """Return an exercise as in the signed plan; None where it was added."""
        return next((one for one in self.draft.base if one.exercise_id == exercise_id), None)

    def set_dose(self, exercise_id: str, field: str, value: float | None) -> None:
        """Set one dose of one exercise."""
        edited = self.draft.change(exercise_id, field, value)
        self.change(f"{exercise_name(exercise_id)}, {field.replace('_', ' ')}", draft=edited)

    def use_suggestion(self, exercise_id: str) -> None:
        """Fill in the step of a suggestion. It changes the draft only; signing is a step of its own."""
        suggestion = self.suggestions().get(exercise_id)
        if suggestion is not None and suggestion.step is not None:
            self.change(f"suggestion for {exercise_name(exercise_id)}", draft=self.draft.take(suggestion.step))

    def harder(self, exercise_id: str) -> None:
        """Replace an exercise by the next harder one of its ladder."""
        self.change(f"harder exercise for {exercise_name(exercise_id)}", draft=self.draft.harder(exercise_id))

    def easier(self, exercise_id: str) -> None:
        """Replace an exercise by the next easier one of its ladder."""
        self.change(f"easier exercise for {exercise_name(exercise_id)}", draft=self.draft.easier(exercise_id))

    def remove(self, exercise_id: str) -> None:
        """Take an exercise out of the plan."""
        self.change(f"removal of {exercise_name(exercise_id)}", draft=self.draft.remove(exercise_id))

    def add(self, exercise_id: str) -> None:
        """Add an exercise at the catalogue's start dose."""
        self.change(f"added {exercise_name(exercise_id)}", draft=self.draft.add(exercise_id))

    def reset(self) -> None:
        """Go back to the signed plan."""
        self.change("reset", draft=self.draft.reset())

    def can_add(self) -> list[tuple[str, str]]:
        """Return the catalogue's exercises the draft does not hold, as (name with category, id)."""
        held = {one.exercise_id for one in self.draft.exercises}
        listed = (one for one in exercise_catalogue().values() if one.exercise_id not in held)
        return sorted((f"{one.name} ({one.category})", one.exercise_id) for one in listed)

    def neighbours(self, exercise_id: str) -> tuple[bool, bool]:
        """Say whether the catalogue has an easier and a harder exercise that the draft does not hold."""
        listed = exercise_catalogue().get(exercise_id)
        held = {one.exercise_id for one in self.draft.exercises}
        found = (listed.easier, listed.harder) if listed else (None, None)
        return found[0] is not None and found[0] not in held, found[1] is not None and found[1] not in held

    @property
    def are_suggestions_on(self) -> bool:
        """Whether the site has switched suggestions on."""
        return self.study.settings.tuning.enabled

    @property
    def intended_use(self) -> str:
        """What a site agrees to when it switches suggestions on."""
        return INTENDED_USE

    def switch_on(self) -> None:
        """Switch suggestions on for the study; who and when is recorded.

        Raises:
            SignOffError: Who or role is missing.
        """
        self.records.enable_suggestions(who=self.who, role=self.role)
        self._known.clear()

    def switched(self) -> str:
        """Say who switched suggestions on and when, where it is recorded."""
        switch = self.records.suggestions_switch()
        if switch is None:
            return ""
        state = "on" if switch["is_on"] else "off"
        return f"Suggestions switched {state} by {switch['who']} ({switch['role']}), {switch['set_at']:%d %b %Y %H:%M}."

    def inputs(self) -> Mapping[str, TuningInputs]:
        """Return what is known about each exercise of the signed plan, read once per patient."""
        inputs: Mapping[str, TuningInputs] = self._facts()["inputs"]
        return inputs

    def suggestions(self) -> Mapping[str, Suggestion]:
        """Return the suggestion for each exercise of the signed plan; none where suggestions are off."""
        if not self.are_suggestions_on:
            return {}
        facts = self._facts()
        if "suggestions" not in facts:
            settings = self.study.settings
            facts["suggestions"] = {name: suggest(one, settings) for name, one in facts["inputs"].items()}
        suggestions: Mapping[str, Suggestion] = facts["suggestions"]
        return suggestions

    def goal(self) -> Mapping[tuple[str, str], float]:
        """Return the agreed weekly volumes by category and unit."""
        goal: Mapping[tuple[str, str], float] = self._facts()["goal"]
        return goal

    def set_goal(self, group: tuple[str, str], volume_per_week: float | None) -> None:
        """Record an agreed weekly volume; None ends the agreement.

        Raises:
            SignOffError: Who or role is missing.
        """
        category, unit = group
        self.records.set_goal(
            str(self.patient_id),
            category=category,
            unit=unit,
            volume_per_week=volume_per_week,
            who=self.who,
            role=self.role,
        )
        self._facts()["goal"] = self.records.goal(str(self.patient_id))

    def goal_groups(self) -> list[tuple[str, str]]:
        """Return the kinds of weekly volume a goal can be set for: those of the plan, before or as edited, and of goals."""
        rows = self.draft.volume(self.goal())
        groups = zip(rows["category"].astype(str), rows["unit"].astype(str), strict=True)
        return [(category, unit) for category, unit in groups if unit.endswith("/week")]

    def volume_figure(self) -> Any:
        """Draw the weekly volume before and after the edits, with the goals."""
        figure = plot_weekly_volume(self.draft.volume(self.goal()))
        return mark_synthetic(figure) if self.study.is_synthetic else figure

    def changes(self) -> list[str]:
        """Say in words what the draft changes."""
        return [one.words for one in self.draft.changes()]

    @tl.observe("state", "who", "role", "reason", "from_date")
    def check(self, _change: Any = None) -> None:
        """Find what stands in the way of signing and what to weigh."""
        if self.patient_id is None:
            self.blockers = [NO_PATIENT]
            return
        self._drafts[self.patient_id] = self.draft
        findings = check_draft(
            self.draft,
            who=self.who,
            role=self.role,
            reason=self.reason,
            has_unresolved_flag=self._facts()["has_flag"],
            inputs=self.inputs(),
            valid_from_date=self.from_date,
            settings=self.study.settings,
        )
        self.blockers, self.warnings = blockers(findings), warnings(findings)

    def sign(self) -> SignedVersion:
        """Sign the draft; it becomes the patient's next plan version.

        Raises:
            SignOffError: Something stands in the way, or somebody changed the plan meanwhile; nothing is stored.
        """
        signed = self.records.sign(
            self.draft, who=self.who, role=self.role, reason=self.reason, valid_from_date=self.from_date
        )
        self.results.forget()
        self.start_again()
        return signed

    def start_again(self) -> None:
        """Drop the draft and read the patient's plan from the study again."""
        patient_id = str(self.patient_id)
        self.reason = ""
        self.forget_undo()
        self._drafts.pop(patient_id, None)
        self._known.pop(patient_id, None)
        self.state = self.start_state(patient_id)

    def resolve(self, flag: dict[str, Any], *, who: str, role: str, note: str) -> None:
        """Mark a recorded flag as resolved; suggestions and checks are made again."""
        super().resolve(flag, who=who, role=role, note=note)
        self._known.pop(str(self.patient_id), None)
        self.check()

    def history(self) -> "pd.DataFrame":
        """Return every version of the plan, newest first, with who signed it and why where it was signed here."""
        versions = plan_history(self.study, str(self.patient_id))
        signed = self.records.history(str(self.patient_id))
        return versions.merge(signed[["plan_version", "signed_at", "who", "role", "reason", "changes"]], how="left")

    def version_words(self) -> str:
        """Say which version is edited and since when it is in force."""
        draft = self.draft
        if not draft.base_version:
            return "No plan yet: add exercises and sign the first version."
        since: date | None = draft.base_from_date
        return f"Plan version {draft.base_version}, in force since {since:%d %b %Y}."

    def _facts(self) -> dict[str, Any]:
        patient_id = str(self.patient_id)
        if patient_id not in self._known:
            self._known[patient_id] = {
                "inputs": tuning_inputs(self.study, patient_id, records=self.records),
                "goal": self.records.goal(patient_id),
                "has_flag": bool(self.flags()),
            }
        return self._known[patient_id]
