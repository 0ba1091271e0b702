"""What the gateway's JSON Schema can't say, as hooks for schemathesis (SCHEMATHESIS_HOOKS)."""
import schemathesis
from schemathesis.specs.openapi.checks import RejectedPositiveData

# Of bootstrap.plan and bootstrap.start: what one choice says of another, where the refusal puts it, and its words.
BETWEEN_CHOICES = [
    # A list's schema is read off its type, and an array of Swift has no least length; nor does `uniqueItems` know that
    # two choices are the same disk, whose members differ in part.
    ("/choices/disks", "at least one disk is needed"),
    ("/choices/disks/", "is chosen twice"),
    # A network that holds an address that stands elsewhere.
    ("/choices/public_network", "does not contain"),
]


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Everything else that the schema allows has to be taken."""
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return True
    problem = response.json()
    return not any(problem["pointer"].startswith(place) and words in problem["detail"]
                   for place, words in BETWEEN_CHOICES)
