/*
 * field.h - typed reading of a decoded answer.
 *
 * Each function wants one field of one type and fails with ERR_PROTOCOL and the field's name; a
 * null object or list is ERR_RIGHTS, since GraphQL shows so what a token may not see. "Maybe" takes
 * null and an absent field as NULL. Results are borrowed from the document.
 */
#ifndef ONEKEY_FIELD_H
#define ONEKEY_FIELD_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

/* Long enough for a UUID; the platform's form is not promised. */
enum { FIRMWARE_ID_MAX = 64, FIRMWARE_ID_SIZE = FIRMWARE_ID_MAX + 1 };

/* [A-Za-z0-9_-]{1,64}: safe in a path, a URL and a log line as it is. */
bool firmware_id_is_sane(const char *id);

/* In the form that firmware IDs have had so far, in any case; what people type is held to it. */
bool firmware_id_is_uuid(const char *id);

bool field_object(const json_t *parent, const char *name, const json_t **object, struct err *err);
bool field_maybe_object(const json_t *parent, const char *name, const json_t **object,
                        struct err *err);
bool field_list(const json_t *parent, const char *name, const json_t **list, struct err *err);
bool field_text(const json_t *parent, const char *name, const char **text, struct err *err);
bool field_maybe_text(const json_t *parent, const char *name, const char **text, struct err *err);

/* A sane ID, copied. */
bool field_firmware_id(const json_t *parent, const char *name, char id[FIRMWARE_ID_SIZE],
                       struct err *err);

#endif
