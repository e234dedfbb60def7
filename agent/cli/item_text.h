/* item_text.h - rows of list-firmwares and show (SPEC 10) for people. */
#ifndef CLI_ITEM_TEXT_H
#define CLI_ITEM_TEXT_H

#include <jansson.h>

#include "cli/out.h"

/* A line of the list, and one more for what went wrong; the head comes with the first. */
void item_text_line(struct out *out, json_t *row);

/* Everything that is known of it; an empty line between two. */
void item_text_whole(struct out *out, json_t *row);

#endif
