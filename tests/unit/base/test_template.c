#include "test.h"

#include "base/auto.h"
#include "base/template.h"

static const char *const names[] = {"product", "version", "name", TEMPLATE_ENV, NULL};
static const char *const names_without_env[] = {"product", NULL};

/* Knows a product and two variables; a version is never there. */
static const char *on_lookup(void *owner, const char *name)
{
    int *calls = owner;

    (*calls)++;
    if (strcmp(name, "product") == 0)
        return "Router";
    if (strcmp(name, "name") == 0)
        return "";
    return strcmp(name, "env:BUILD_7") == 0 ? "77" : NULL;
}

static void a_template_is_filled_from_its_lookup(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *want;
    } rows[] = {
        {"a text without names stays", "Acme GmbH", "Acme GmbH"},
        {"nothing is filled with nothing", "", ""},
        {"a name alone", "{product}", "Router"},
        {"names and text take turns", "a{product}-{product}b", "aRouter-Routerb"},
        {"variables, digits in their names", "{env:BUILD_7}", "77"},
        {"doubled braces stand for themselves", "{{{product}}}", "{Router}"},
        {"doubled braces alone", "{{x}}", "{x}"},
        {"text is bytes", "\xff{product}\x01", "\xffRouter\x01"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int calls = 0;
        struct err err;
        const char *missing;
        auto_buf struct buf out = {.max = 100};
        auto_template struct template *template = template_new(rows[i].text, names, &err);

        if (!template)
            fail_msg("%s: %s", rows[i].why, err.message);
        if (!template_expand(template, on_lookup, &calls, &out, &missing, &err))
            fail_msg("%s: %s", rows[i].why, err.message);
        if (strcmp(out.size ? out.bytes : "", rows[i].want) != 0)
            fail_msg("%s: \"%s\"", rows[i].why, out.bytes);
        assert_string_equal(template_text(template), rows[i].text);
    }
}

static void a_wrong_template_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *want;
    } rows[] = {
        {"a typing error gets a suggestion", "x/{prodct}",
         "unknown name {prodct}; did you mean {product}? (byte 3 of \"x/{prodct}\")"},
        {"nothing near, nothing suggested", "{q}", "unknown name {q} (byte 1 of"},
        {"names are whole words", "{product }", "no name in the braces"},
        {"empty braces", "ab{}", "no name in the braces; {{ stands for a brace itself (byte 3"},
        {"a name does not begin with a digit", "{1a}", "no name in the braces"},
        {"an open brace", "{product", "the brace is not closed (byte 1"},
        {"a brace inside", "{prod{uct}", "the brace is not closed (byte 1"},
        {"a closing brace alone", "a}b", "the brace was not opened"},
        {"three braces are one and an open one", "{{{", "the brace is not closed (byte 3"},
        {"a variable without name", "{env:}", "needs the name of a variable"},
        {"a variable's name is a word", "{env:A-B}", "needs the name of a variable"},
        {"the token is no text", "{env:ONEKEY_TOKEN}", "the token must not become part"},
        {"the list's own mark is no name", "{env}", "unknown name {env}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err;
        auto_template struct template *template = template_new(rows[i].text, names, &err);

        if (template)
            fail_msg("%s: accepted", rows[i].why);
        if (err.kind != ERR_CONFIG || !strstr(err.message, rows[i].want))
            fail_msg("%s: %s", rows[i].why, err.message);
    }
}

static void variables_are_known_only_where_the_list_says_so(void **state)
{
    struct err err;

    (void)state;
    assert_null(template_new("{env:HOME}", names_without_env, &err));
    assert_non_null(strstr(err.message, "not known here"));
}

static void an_oversized_template_is_refused(void **state)
{
    char text[TEMPLATE_MAX_BYTES + 2];
    struct err err;

    (void)state;
    memset(text, 'x', sizeof text);
    text[TEMPLATE_MAX_BYTES + 1] = '\0';
    assert_null(template_new(text, names, &err));
    text[TEMPLATE_MAX_BYTES] = '\0';
    auto_template struct template *template = template_new(text, names, &err);
    assert_non_null(template);
}

static void a_name_without_value_is_reported_by_name(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *want;
    } rows[] = {
        {"no value", "{product}-{version}-{product}", "version"},
        {"an empty value is none", "{name}", "name"},
        {"an unset variable", "{env:NOT_SET}", "env:NOT_SET"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int calls = 0;
        struct err err;
        const char *missing;
        auto_buf struct buf out = {.max = 100};
        auto_template struct template *template = template_new(rows[i].text, names, &err);

        assert_non_null(template);
        if (template_expand(template, on_lookup, &calls, &out, &missing, &err))
            fail_msg("%s: filled", rows[i].why);
        assert_non_null(missing);
        assert_string_equal(missing, rows[i].want);
        assert_int_equal(err.kind, ERR_INPUT);
    }
}

static void a_text_over_the_buffer_is_the_inputs_fault_not_the_protocols(void **state)
{
    int calls = 0;
    struct err err;
    const char *missing;
    auto_buf struct buf out = {.max = 11};
    auto_template struct template *template = template_new("{product}{product}", names, &err);

    (void)state;
    assert_non_null(template);
    assert_false(template_expand(template, on_lookup, &calls, &out, &missing, &err));
    assert_null(missing);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.message, "over 11 bytes"));
}

static void the_pieces_tell_text_from_names(void **state)
{
    struct err err;
    auto_template struct template *template = template_new("a{{{product}/{version}", names, &err);
    auto_template struct template *constant = template_new("{{product}}", names, &err);

    (void)state;
    assert_non_null(template);
    assert_int_equal(template_count(template), 4);
    assert_string_equal(template_piece(template, 0)->text, "a{");
    assert_null(template_piece(template, 0)->name);
    assert_string_equal(template_piece(template, 1)->name, "product");
    assert_null(template_piece(template, 1)->text);
    assert_string_equal(template_piece(template, 2)->text, "/");
    assert_true(template_uses(template, "version"));
    assert_false(template_uses(template, "name"));
    assert_false(template_is_constant(template));
    assert_non_null(constant);
    assert_true(template_is_constant(constant));
    assert_false(template_uses(constant, "product"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_template_is_filled_from_its_lookup),
        cmocka_unit_test(a_wrong_template_is_refused_with_its_place),
        cmocka_unit_test(variables_are_known_only_where_the_list_says_so),
        cmocka_unit_test(an_oversized_template_is_refused),
        cmocka_unit_test(a_name_without_value_is_reported_by_name),
        cmocka_unit_test(a_text_over_the_buffer_is_the_inputs_fault_not_the_protocols),
        cmocka_unit_test(the_pieces_tell_text_from_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
