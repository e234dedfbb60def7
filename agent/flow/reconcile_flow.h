/* reconcile_flow.h - uploads whose answer was not seen: the platform is asked before more is sent.
 */
#ifndef FLOW_RECONCILE_FLOW_H
#define FLOW_RECONCILE_FLOW_H

#include "flow/flow.h"
#include "store/item.h"
#include "store/remote.h"

/* Starts when something is due and no reconcile is alive; *started says whether. */
bool reconcile_flow_start(struct flow *flow, int64_t now_ms, bool *started, struct err *err);

enum reconcile_verdict {
    RECONCILE_OURS,      /* found: it has that ID */
    RECONCILE_LOOK_MORE, /* not there at the first look: once more */
    RECONCILE_ABSENT,    /* not there at two looks: it is sent again */
    RECONCILE_WAIT,      /* another upload of the same name is on its way: let it end first */
    RECONCILE_PERSON,    /* several, or no list to compare with: a person decides */
};

struct reconcile_facts {
    bool by_id;         /* the registered ID is a firmware with the name and version as sent */
    bool has_before;    /* the list was read before the upload was registered */
    int64_t candidates; /* of that name and version, nobody's, not there before */
    struct remote_rivals rivals;
    int64_t misses; /* looks before this one that found nothing */
};

/* Pure: SPEC 5's rule for an unconfirmed upload. */
enum reconcile_verdict reconcile_judge(const struct reconcile_facts *facts);

#endif
