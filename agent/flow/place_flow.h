/*
 * place_flow.h - a document of the ledger back into its file.
 *
 * For what was accepted out of the quarantine, for a file that somebody removed, and after
 * sbom.directory changed: the ledger has the bytes, the file is written from them.
 */
#ifndef FLOW_PLACE_FLOW_H
#define FLOW_PLACE_FLOW_H

#include "flow/flow.h"

/*
 * Starts one for a document that waits, behind *failed (zeroed: the first), unless one runs.
 * *started is false when none waits. One that fails is logged, and *failed is behind it then: it
 * must stay as long as a job does.
 */
bool place_flow_start(struct flow *flow, struct sbom_cursor *failed, bool *started,
                      struct err *err);

/* The same at once, for a command without a loop. */
bool place_now(struct db *db, const struct flow_settings *settings, const struct sbom_row *sbom,
               struct err *err);

#endif
