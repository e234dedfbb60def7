/* explain_text.h - what `explain` gathered, for people. */
#ifndef CLI_EXPLAIN_TEXT_H
#define CLI_EXPLAIN_TEXT_H

#include <jansson.h>

#include "cli/out.h"

/* One object of explain_watch(). */
void explain_text(struct out *out, const json_t *object);

/* "name        text", the name padded; nothing for NULL. */
void explain_text_line(struct out *out, const char *name, const char *text);

#endif
