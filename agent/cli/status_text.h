/* status_text.h - the row of `status` (SPEC 10) for people. */
#ifndef CLI_STATUS_TEXT_H
#define CLI_STATUS_TEXT_H

#include <jansson.h>

#include "cli/out.h"

void status_text(struct out *out, json_t *row);

#endif
