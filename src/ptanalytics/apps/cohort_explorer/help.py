"""What the Help of the Cohort explorer says."""

HELP = """
<p>Tick values or set ranges on the left; charts, counts and the patient list follow. Values of one kind are alternatives,
kinds are combined. Nothing ticked means no restriction.</p>
<p><b>Left out:</b> a range leaves out patients without a recorded value, and the line above the charts says how many.
Charts state their own n and who is not drawn.</p>
<p><b>Age</b> is the year of the first plan (else of enrolment) minus year of birth. <b>Response</b> follows the rule of the
study's settings at the
follow-up week shown in the chart. <b>Adherence</b> is sessions done of those prescribed.</p>
<p><b>Review a patient:</b> choose a row in the list by mouse, or with Tab, the arrow keys and Enter. In the
review, <i>Where from?</i> on a number (also those of the list: adherence, baseline, follow-up, improvement) shows what it
is made from.
<b>Ctrl+Z</b> takes back the last change.</p>
"""
