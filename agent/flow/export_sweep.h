/*
 * export_sweep.h - is each current SBOM's file where it should be?
 *
 * Walks the ledger, a page a turn, and looks at the files on a worker (is there a regular file of
 * that size; whether every byte of it is right, `sbom verify` says). One that is missing, or that
 * lies outside sbom.directory since that was changed, is marked to be placed: place_flow.h then
 * writes it from the ledger, also where the platform no longer has it.
 */
#ifndef FLOW_EXPORT_SWEEP_H
#define FLOW_EXPORT_SWEEP_H

#include "flow/flow.h"

#define EXPORT_SWEEP_BATCH "export sweep"

/* Called once, on the loop; err NULL: all were looked at, and so many are to be placed. */
typedef void export_sweep_done_fn(void *owner, int64_t missing, const struct err *err);

void export_sweep_start(struct flow *flow, export_sweep_done_fn *done, void *owner);

#endif
