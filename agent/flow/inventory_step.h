/*
 * inventory_step.h - the platform's list of firmwares into the ledger, of any length.
 *
 * The answer goes to a scratch file, not to memory, and from there row by row into
 * table remote_firmware. Shared by survey_flow and reconcile_flow.
 */
#ifndef FLOW_INVENTORY_STEP_H
#define FLOW_INVENTORY_STEP_H

#include "flow/batch_job.h"
#include "onekey/inventory.h"

struct inventory {
    struct batch_job *job;
    enum inventory_detail detail; /* how much is asked for; PLAIN unless set after the init */

    /* Or NULL, set after the init: takes each firmware in place of table remote_firmware. */
    bool (*take)(void *owner, const struct inventory_firmware *firmware, struct err *err);
    void *owner;
    bool lacks_field; /* the question was refused for its fields: a poorer one may be answered */
    int fd;           /* of the scratch file; -1 */
    struct op op;     /* while the file is read */
    int64_t began_at;
    unsigned losses; /* turn_losses() when the reading began */
    int64_t size;
    int64_t at;
    struct inventory_reader *reader;
    uv_fs_t read;
    char *chunk;
    struct err err;
    bool cancelled;
};

void inventory_init(struct inventory *inventory, struct batch_job *job);
void inventory_release(struct inventory *inventory);

/* Two steps of a job: the download, then the reading. job->op is set on success. */
bool inventory_download(struct inventory *inventory, struct err *err);
bool inventory_read(struct inventory *inventory, struct err *err);

/* After the reading: the listing is complete and counts. Fails with lacks_field, too. */
bool inventory_finish(struct inventory *inventory, struct err *err);

#endif
