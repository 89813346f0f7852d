"""Files of other programs: read with the place of every fault, changed in small pieces, replaced in
one step.
"""
