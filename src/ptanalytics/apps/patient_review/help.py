"""What the Help of the Patient review says."""

HELP = """
<p>The page has the same order for every patient: how much is recorded, key numbers, pain, adherence,
questionnaires, plan.</p>
<p><b>Not recorded is not missed:</b> a day nobody recorded has its own mark in the calendar.
<b>Baseline</b> and <b>follow-up</b> windows, the important change (MIC) and the flare rule follow the study's settings;
each chart names what it used. Pain, ODI and RMDQ are better when lower.</p>
<p><b>Where does this number come from?</b> Press <i>Where from?</i> on a number, or choose any other number under it: the
readings used and those left out with the reason, the formula with this patient's numbers, and who says so.</p>
<p><b>A recorded flag</b> stays on top until a clinician marks it as resolved. No flag shown means that none was recorded,
not that there is none.</p>
<p><b>Save</b> writes the page as one file. Notes typed here go into that file and are kept nowhere else.</p>
"""
