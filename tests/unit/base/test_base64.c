#include "test.h"

#include "base/auto.h"
#include "base/base64.h"

static void the_vectors_of_rfc_4648_go_there_and_back(void **state)
{
    static const struct {
        const char *bytes;
        const char *text;
    } rows[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *text = base64_new(rows[i].bytes, strlen(rows[i].bytes));
        auto_buf struct buf out = {.max = 64};
        struct err err;

        assert_string_equal(text, rows[i].text);
        assert_true(base64_decode(text, strlen(text), &out, &err));
        assert_int_equal(out.size, strlen(rows[i].bytes));
        if (out.size > 0)
            assert_memory_equal(out.bytes, rows[i].bytes, out.size);
    }
}

static void every_byte_goes_there_and_back(void **state)
{
    unsigned char bytes[256 + 1];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        auto_free char *text = base64_new(bytes, size);
        auto_buf struct buf out = {.max = sizeof bytes};
        struct err err;

        assert_true(base64_decode(text, strlen(text), &out, &err));
        assert_int_equal(out.size, size);
        assert_true(size == 0 || memcmp(out.bytes, bytes, size) == 0);
    }
}

static void what_is_no_base64_is_refused(void **state)
{
    static const struct {
        const char *why;
        const char *text;
    } rows[] = {
        {"no whole group", "Zg="},
        {"a byte outside the alphabet", "Zm9*"},
        {"a line end", "Zm9v\nZm9"},
        {"padding in the middle", "Zg==Zm9v"},
        {"padding and nothing else", "===="},
        {"three signs of padding", "Z==="},
        {"padding before a digit", "Zm=v"},
        {"bits that stand for nothing", "Zh=="},
        {"the same with one sign", "Zm9="},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_buf struct buf out = {.max = 64};
        struct err err = {.kind = ERR_OK};

        if (base64_decode(rows[i].text, strlen(rows[i].text), &out, &err))
            fail_msg("%s: taken", rows[i].why);
        assert_int_equal(err.kind, ERR_PROTOCOL);
    }
}

static void more_than_the_buffer_may_hold_is_refused(void **state)
{
    auto_buf struct buf out = {.max = 3};
    struct err err;

    (void)state;
    assert_true(base64_decode("Zm9v", 4, &out, &err));
    assert_false(base64_decode("Zm9v", 4, &out, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_4648_go_there_and_back),
        cmocka_unit_test(every_byte_goes_there_and_back),
        cmocka_unit_test(what_is_no_base64_is_refused),
        cmocka_unit_test(more_than_the_buffer_may_hold_is_refused),
    };

    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
