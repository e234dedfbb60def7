#include "cli/explain.h"
#include "store/item.h"

const char *explain_state(const char *state)
{
    static const char *const texts[] = {
        [ITEM_FOUND] = "it is looked at again until it is quiet",
        [ITEM_SETTLING] = "it is looked at again until it is quiet",
        [ITEM_HASHING] = "it is hashed, and compared with what is known",
        [ITEM_PENDING] = "it waits for its turn to be sent",
        [ITEM_REGISTERING] = "it is being announced to the platform",
        [ITEM_UPLOADING] = "it is being sent",
        [ITEM_ANALYSING] = "its analysis is asked for until it is complete",
        [ITEM_FETCHING] = "its SBOM is fetched",
        [ITEM_DONE] = "nothing: it is done; new content at this path is a new item",
        [ITEM_DUPLICATE] = "nothing: the same content stands in the ledger already",
        [ITEM_UNCONFIRMED] = "the platform is asked whether it has it; see retry --assume",
        [ITEM_HELD] = "it waits for a right: a token that has it, then retry",
        [ITEM_FAILED] = "nothing until retry",
        [ITEM_IGNORED] = "nothing: a rule said so when it was found",
        [ITEM_GONE] = "nothing: it vanished before it was sent",
    };
    enum item_state known;

    return item_state_of_name(state, &known) ? texts[known] : "a newer version knows";
}
