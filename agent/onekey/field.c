#include "onekey/field.h"

#include <ctype.h>
#include <string.h>

static const char *type_text(const json_t *value)
{
    if (!value)
        return "nothing";
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a truth value";
    case JSON_NULL:
        break;
    }
    return "null";
}

/* A null where something was due is how GraphQL shows what a token may not see. */
static bool refuse_null(const char *name, struct err *err)
{
    return err_set(err, ERR_RIGHTS, "read %s: it is null, the token lacks the right to it", name);
}

static bool refuse(const char *name, const char *wanted, const json_t *value, struct err *err)
{
    return err_set(err, ERR_PROTOCOL, "read %s: want %s, got %s", name, wanted, type_text(value));
}

bool firmware_id_is_sane(const char *id)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t size = strlen(id);

    return size >= 1 && size <= FIRMWARE_ID_MAX && strspn(id, allowed) == size;
}

bool firmware_id_is_uuid(const char *id)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    if (strlen(id) != sizeof form - 1)
        return false;
    for (size_t i = 0; form[i]; i++) {
        if (form[i] == '-' ? id[i] != '-' : !isxdigit((unsigned char)id[i]))
            return false;
    }
    return true;
}

bool field_maybe_object(const json_t *parent, const char *name, const json_t **object,
                        struct err *err)
{
    const json_t *value = json_object_get(parent, name);

    if (!value || json_is_null(value)) {
        *object = NULL;
        return true;
    }
    if (!json_is_object(value))
        return refuse(name, "an object", value, err);
    *object = value;
    return true;
}

bool field_object(const json_t *parent, const char *name, const json_t **object, struct err *err)
{
    const json_t *value = json_object_get(parent, name);

    if (json_is_null(value))
        return refuse_null(name, err);
    if (!json_is_object(value))
        return refuse(name, "an object", value, err);
    *object = value;
    return true;
}

bool field_list(const json_t *parent, const char *name, const json_t **list, struct err *err)
{
    const json_t *value = json_object_get(parent, name);

    if (json_is_null(value))
        return refuse_null(name, err);
    if (!json_is_array(value))
        return refuse(name, "a list", value, err);
    *list = value;
    return true;
}

bool field_maybe_text(const json_t *parent, const char *name, const char **text, struct err *err)
{
    const json_t *value = json_object_get(parent, name);

    if (value && !json_is_null(value) && !json_is_string(value))
        return refuse(name, "a text", value, err);
    *text = json_string_value(value);
    return true;
}

bool field_text(const json_t *parent, const char *name, const char **text, struct err *err)
{
    const json_t *value = json_object_get(parent, name);

    if (!json_is_string(value))
        return refuse(name, "a text", value, err);
    *text = json_string_value(value);
    return true;
}

bool field_firmware_id(const json_t *parent, const char *name, char id[FIRMWARE_ID_SIZE],
                       struct err *err)
{
    const char *text = NULL;

    if (!field_text(parent, name, &text, err))
        return false;
    if (!firmware_id_is_sane(text))
        return err_set(err, ERR_PROTOCOL, "read %s: not an ID of 1 to %d letters, digits, _ and -",
                       name, FIRMWARE_ID_MAX);
    memcpy(id, text, strlen(text) + 1);
    return true;
}
