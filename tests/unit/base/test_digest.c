#include "test.h"

#include "base/auto.h"
#include "base/digest.h"
#include "base/mem.h"

struct vector {
    const char *why;
    const char *text;
    const char *want;
};

/* FIPS 180-4's examples, and lengths around the end of a block. Checked with sha256sum. */
static const struct vector vectors[] = {
    {"nothing", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"three bytes", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"four blocks",
     "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmno"
     "pqrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
};

static void known_texts_have_their_known_digests(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        char hex[DIGEST_HEX_SIZE];

        digest_of(vectors[i].text, strlen(vectors[i].text), hex);
        if (strcmp(hex, vectors[i].want) != 0)
            fail_msg("%s: %s", vectors[i].why, hex);
    }
}

static void a_digest_is_ready_for_the_next_stream_once_it_was_taken(void **state)
{
    struct digest *digest = digest_new();

    (void)state;
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < COUNT_OF(vectors); i++) {
            char hex[DIGEST_HEX_SIZE];

            digest_add(digest, vectors[i].text, strlen(vectors[i].text));
            digest_hex(digest, hex);
            if (strcmp(hex, vectors[i].want) != 0)
                fail_msg("%s, round %zu: %s", vectors[i].why, round, hex);
        }
    }
    digest_free(digest);
}

static void how_the_stream_was_cut_does_not_count(void **state)
{
    const char *text = vectors[3].text;
    size_t size = strlen(text);
    struct digest *digest = digest_new();

    (void)state;
    for (size_t piece = 1; piece <= size; piece++) {
        char hex[DIGEST_HEX_SIZE];

        for (size_t at = 0; at < size; at += piece) {
            digest_add(digest, text + at, size - at < piece ? size - at : piece);
            digest_add(digest, text, 0);
        }
        digest_hex(digest, hex);
        if (strcmp(hex, vectors[3].want) != 0)
            fail_msg("pieces of %zu: %s", piece, hex);
    }
    digest_free(digest);
}

static void a_million_bytes_have_their_known_digest(void **state)
{
    enum { COUNT = 1000000 };
    auto_free char *bytes = xcalloc(COUNT, 1);
    char hex[DIGEST_HEX_SIZE];

    (void)state;
    memset(bytes, 'a', COUNT);
    digest_of(bytes, COUNT, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void zero_bytes_count(void **state)
{
    char hex[DIGEST_HEX_SIZE];

    (void)state;
    digest_of("\0", 1, hex);
    assert_string_equal(hex, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

static void two_digests_do_not_mix(void **state)
{
    struct digest *one = digest_new();
    struct digest *other = digest_new();
    char hex[DIGEST_HEX_SIZE];

    (void)state;
    digest_add(one, "a", 1);
    digest_add(other, "xyz", 3);
    digest_add(one, "bc", 2);
    digest_hex(one, hex);
    assert_string_equal(hex, vectors[1].want);
    digest_free(one);
    digest_free(other);
    digest_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts_have_their_known_digests),
        cmocka_unit_test(a_digest_is_ready_for_the_next_stream_once_it_was_taken),
        cmocka_unit_test(how_the_stream_was_cut_does_not_count),
        cmocka_unit_test(a_million_bytes_have_their_known_digest),
        cmocka_unit_test(zero_bytes_count),
        cmocka_unit_test(two_digests_do_not_mix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
