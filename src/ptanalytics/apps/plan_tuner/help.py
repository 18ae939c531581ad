"""What the Help of the Plan tuner says."""

HELP = """
<p>Move a slider (mouse or arrow keys) or type into the box beside it; the weekly volume and the list of changes follow.
Nothing is stored until you sign: a draft stays a draft.</p>
<p><b>Suggestions</b> are for clinician review. Each names its rule, what it rests on with dates, and what would change it.
<i>Use</i> only fills in the value. They rest on project defaults and are never shown to patients.</p>
<p><b>Not set</b> means not prescribed; it is not zero. Empty a box to take a dose out of the plan. Where weekdays are
fixed, a number of sessions per week takes their place.</p>
<p><b>Signing</b> adds a plan version with who, role, reason and time; earlier versions stay. What stands in the way is said
in words above the button. <b>Ctrl+Z</b> takes back the last change of the draft.</p>
"""
