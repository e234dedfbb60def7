#include "test.h"

#include "onekey/field.h"
#include "wanted.h"

static json_t *document(void)
{
    json_t *parsed = json_loads("{\"text\": \"t\", \"object\": {}, \"list\": [], \"number\": 7,"
                                " \"real\": 0.5, \"yes\": true, \"null\": null, \"id\": \"a-1_B\"}",
                                0, NULL);

    assert_non_null(parsed);
    return parsed;
}

static void a_sane_id_is_safe_in_any_path(void **state)
{
    static const struct {
        const char *why;
        const char *id;
        bool sane;
    } rows[] = {
        {"a UUID", "0f4cdd29-6d55-4d7f-a1e8-2bd1b9cf5ab7", true},
        {"a number", "17", true},
        {"the longest", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true},
        {"one longer", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
        {"empty", "", false},
        {"climbing", "..", false},
        {"a slash", "a/b", false},
        {"an escape", "a%2fb", false},
        {"a blank", "a b", false},
        {"a newline at the end", "a\n", false},
        {"an umlaut", "\xc3\xa4", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (firmware_id_is_sane(rows[i].id) != rows[i].sane)
            fail_msg("%s", rows[i].why);
    }
}

/* All readers in one shape, for the table. */
static bool read_object(const json_t *parent, const char *name, struct err *err)
{
    const json_t *object = NULL;

    return field_object(parent, name, &object, err);
}

static bool read_maybe_object(const json_t *parent, const char *name, struct err *err)
{
    const json_t *object = NULL;

    return field_maybe_object(parent, name, &object, err);
}

static bool read_list(const json_t *parent, const char *name, struct err *err)
{
    const json_t *list = NULL;

    return field_list(parent, name, &list, err);
}

static bool read_text(const json_t *parent, const char *name, struct err *err)
{
    const char *text = NULL;

    return field_text(parent, name, &text, err);
}

static bool read_maybe_text(const json_t *parent, const char *name, struct err *err)
{
    const char *text = NULL;

    return field_maybe_text(parent, name, &text, err);
}

static bool read_id(const json_t *parent, const char *name, struct err *err)
{
    char id[FIRMWARE_ID_SIZE];

    return field_firmware_id(parent, name, id, err);
}

static void each_reader_takes_its_own_type(void **state)
{
    static const struct {
        bool (*read)(const json_t *parent, const char *name, struct err *err);
        const char *field;
    } rows[] = {
        {read_object, "object"},       {read_list, "list"},
        {read_text, "text"},           {read_id, "id"},
        {read_maybe_object, "object"}, {read_maybe_object, "null"},
        {read_maybe_object, "absent"}, {read_maybe_text, "text"},
        {read_maybe_text, "null"},     {read_maybe_text, "absent"},
    };
    json_t *parent = document();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};

        if (!rows[i].read(parent, rows[i].field, &err))
            fail_msg("row %zu: %s", i, err.message);
    }
    json_decref(parent);
}

static void another_type_is_refused_with_the_field_s_name(void **state)
{
    static const struct {
        bool (*read)(const json_t *parent, const char *name, struct err *err);
        struct refused refused; /* the answer is the field's name */
    } rows[] = {
        {read_object, {"null shows a right", "null", ERR_RIGHTS, "read null: it is null"}},
        {read_object,
         {"object", "absent", ERR_PROTOCOL, "read absent: want an object, got nothing"}},
        {read_object, {"object", "list", ERR_PROTOCOL, "read list: want an object, got a list"}},
        {read_object, {"object", "text", ERR_PROTOCOL, "want an object, got a text"}},
        {read_maybe_object, {"maybe", "number", ERR_PROTOCOL, "want an object, got a number"}},
        {read_list, {"null shows a right", "null", ERR_RIGHTS, "read null: it is null"}},
        {read_list, {"list", "object", ERR_PROTOCOL, "read object: want a list, got an object"}},
        {read_list, {"list", "absent", ERR_PROTOCOL, "want a list, got nothing"}},
        {read_text, {"text", "null", ERR_PROTOCOL, "read null: want a text, got null"}},
        {read_text, {"text", "number", ERR_PROTOCOL, "want a text, got a number"}},
        {read_text, {"text", "real", ERR_PROTOCOL, "want a text, got a number"}},
        {read_text, {"text", "yes", ERR_PROTOCOL, "want a text, got a truth value"}},
        {read_maybe_text, {"maybe", "number", ERR_PROTOCOL, "want a text, got a number"}},
        {read_id, {"an ID as number", "number", ERR_PROTOCOL, "read number: want a text"}},
        {read_id, {"an ID null", "null", ERR_PROTOCOL, "read null: want a text"}},
    };
    json_t *parent = document();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};

        want_refused(&rows[i].refused, rows[i].read(parent, rows[i].refused.answer, &err), &err);
    }
    json_decref(parent);
}

static void what_is_read_is_what_was_there(void **state)
{
    json_t *parent = document();
    const json_t *value = parent;
    const char *text = "unset";
    char id[FIRMWARE_ID_SIZE];
    struct err err = {0};

    (void)state;
    assert_true(field_object(parent, "object", &value, &err));
    assert_ptr_equal(value, json_object_get(parent, "object"));
    assert_true(field_maybe_object(parent, "null", &value, &err));
    assert_null(value);
    assert_true(field_text(parent, "text", &text, &err));
    assert_string_equal(text, "t");
    assert_true(field_maybe_text(parent, "absent", &text, &err));
    assert_null(text);
    assert_true(field_firmware_id(parent, "id", id, &err));
    assert_string_equal(id, "a-1_B");
    json_decref(parent);
}

static void an_id_that_is_not_sane_is_not_shown(void **state)
{
    json_t *parent = json_pack("{s:s}", "id", "../../etc/passwd");
    char id[FIRMWARE_ID_SIZE] = "before";
    struct err err = {0};

    (void)state;
    assert_false(field_firmware_id(parent, "id", id, &err));
    assert_int_equal(err.kind, ERR_PROTOCOL);
    assert_string_equal(err.message, "read id: not an ID of 1 to 64 letters, digits, _ and -");
    assert_string_equal(id, "before");
    json_decref(parent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sane_id_is_safe_in_any_path),
        cmocka_unit_test(each_reader_takes_its_own_type),
        cmocka_unit_test(another_type_is_refused_with_the_field_s_name),
        cmocka_unit_test(what_is_read_is_what_was_there),
        cmocka_unit_test(an_id_that_is_not_sane_is_not_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
