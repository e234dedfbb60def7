#include "test.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"

/* What stood at the start of the last mapping that was given back. */
static char given_back[16];
static int givings;

/* The program's own definition wins over the C library's. */
int fake_munmap(void *address, size_t size) __asm__("munmap");

int fake_munmap(void *address, size_t size)
{
    if (size == SECRET_MAX + 4096) {
        memcpy(given_back, address, sizeof given_back);
        givings++;
    }
    return (int)syscall(SYS_munmap, address, size);
}

static struct secret *take(const char *text)
{
    struct err err = {0};
    struct secret *secret = secret_new(text, strlen(text), &err);

    if (!secret)
        fail_msg("\"%s\" was refused: %s", text, err.message);
    return secret;
}

static void one_newline_at_the_end_is_no_part_of_a_token(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *want;
    } rows[] = {
        {"none", "b6f1/s3cr3t", "b6f1/s3cr3t"},
        {"one", "b6f1/s3cr3t\n", "b6f1/s3cr3t"},
        {"as Windows writes it", "b6f1/s3cr3t\r\n", "b6f1/s3cr3t"},
        {"a single character", "x\n", "x"},
        {"every printable character but the blank", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
         "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"},
        {"a word within is no placeholder", "token2", "token2"},
        {"a lone dollar", "$", "$"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct secret *secret = take(rows[i].text);

        if (strcmp(secret_reveal(secret), rows[i].want) != 0)
            fail_msg("%s: \"%s\"", rows[i].why, secret_reveal(secret));
        secret_free(secret);
    }
}

static void a_value_that_can_be_no_token_is_refused_with_the_reason_alone(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        size_t size;
        const char *reason;
    } rows[] = {
        {"nothing", "", 0, "is empty"},
        {"only a newline", "\n", 1, "is empty"},
        {"only Windows' newline", "\r\n", 2, "is empty"},
        {"two newlines", "QQQQ\n\n", 6, "contains white space"},
        {"a blank before", " QQQQ", 5, "contains white space"},
        {"a blank behind", "QQQQ ", 5, "contains white space"},
        {"a blank within", "QQ QQ", 5, "contains white space"},
        {"a tab", "QQ\tQQ", 5, "contains white space"},
        {"a header smuggled in", "QQ\r\nX-Q: Q", 10, "contains white space"},
        {"a zero byte", "QQ\0QQ", 5, "contains control characters"},
        {"an escape", "QQ\x1bQQ", 5, "contains control characters"},
        {"DEL", "QQ\x7fQQ", 5, "contains control characters"},
        {"an umlaut", "QQ\xc3\xbcQQ", 6, "contains non-ASCII characters"},
        {"a byte order mark", "\xef\xbb\xbfQQQQ", 7, "contains non-ASCII characters"},
        {"a non-breaking space", "QQQQ\xc2\xa0", 6, "contains non-ASCII characters"},
        {"a variable that was not filled", "${QQQQ}", 7, "is a placeholder, not a token"},
        {"the beginning of one", "${", 2, "is a placeholder, not a token"},
        {"a description in brackets", "<QQQQ>", 6, "is a placeholder, not a token"},
        {"the documentation's example", "your-api-token", 14, "is a placeholder, not a token"},
        {"in capitals, with a newline", "YOUR-API-TOKEN\n", 15, "is a placeholder, not a token"},
        {"what packages put there", "changeme", 8, "is a placeholder, not a token"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        char want[64];

        snprintf(want, sizeof want, "the token %s", rows[i].reason);
        assert_null(secret_new(rows[i].text, rows[i].size, &err));
        // the whole message is ours: there is no room in it for the value
        if (err.kind != ERR_AUTH || strcmp(err.message, want) != 0)
            fail_msg("%s: %s \"%s\"", rows[i].why, err_kind_name(err.kind), err.message);
    }
}

static void four_kib_are_the_most(void **state)
{
    char text[SECRET_MAX + 2];
    struct err err = {0};

    (void)state;
    memset(text, 'Q', sizeof text);
    text[SECRET_MAX] = '\n';
    struct secret *secret = secret_new(text, SECRET_MAX + 1, &err);
    assert_non_null(secret);
    assert_int_equal(strlen(secret_reveal(secret)), SECRET_MAX);
    secret_free(secret);
    text[SECRET_MAX] = 'Q';
    assert_null(secret_new(text, SECRET_MAX + 1, &err));
    assert_string_equal(err.message, "the token is longer than 4 KiB");
    text[SECRET_MAX + 1] = ' ';
    assert_null(secret_new(text, SECRET_MAX + 2, &err));
    assert_string_equal(err.message, "the token is longer than 4 KiB");
}

static void a_fingerprint_is_a_piece_of_the_digest_of_what_is_sent(void **state)
{
    struct secret *secret = take("abc\n");
    struct secret *other = take("abd");

    (void)state;
    assert_string_equal(secret_fingerprint(secret), "ba7816bf");
    assert_string_not_equal(secret_fingerprint(other), "ba7816bf");
    secret_free(secret);
    secret_free(other);
}

static void equal_means_the_same_bytes(void **state)
{
    static const struct {
        const char *why;
        const char *one, *other;
        bool want;
    } rows[] = {
        {"the same", "b6f1/s3cr3t", "b6f1/s3cr3t", true},
        {"the same but for the newline", "b6f1/s3cr3t", "b6f1/s3cr3t\n", true},
        {"another end", "b6f1/s3cr3t", "b6f1/s3cr3u", false},
        {"the beginning of the other", "b6f1/s3cr3", "b6f1/s3cr3t", false},
        {"other capitals", "b6f1/s3cr3t", "B6f1/s3cr3t", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct secret *one = take(rows[i].one);
        struct secret *other = take(rows[i].other);

        if (secret_equal(one, other) != rows[i].want || secret_equal(other, one) != rows[i].want)
            fail_msg("%s", rows[i].why);
        secret_free(one);
        secret_free(other);
    }
}

static void a_child_finds_zeros_in_its_place(void **state)
{
    struct secret *secret = take("b6f1/s3cr3t");
    const char *page = secret_reveal(secret);
    int status = -1;
    pid_t child = fork();

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        int set = 0;

        for (size_t i = 0; i <= SECRET_MAX; i++)
            set += page[i] != '\0';
        _exit(set);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_string_equal(secret_reveal(secret), "b6f1/s3cr3t"); // ours is still there
    secret_free(secret);
}

/* The kernel's flags of the mapping that holds an address, " rd wr mr ... "; "" when not told. */
static void read_flags(const void *address, char *flags, size_t size)
{
    static const char label[] = "VmFlags:";
    FILE *maps = fopen("/proc/self/smaps", "re");
    char line[512];
    bool is_here = false;

    flags[0] = '\0';
    while (maps && fgets(line, sizeof line, maps)) {
        char *end = NULL;
        uintptr_t from = strtoull(line, &end, 16);

        if (*end == '-')
            is_here =
                (uintptr_t)address >= from && (uintptr_t)address < strtoull(end + 1, NULL, 16);
        if (is_here && strncmp(line, label, sizeof label - 1) == 0)
            snprintf(flags, size, "%s", line + sizeof label - 1);
    }
    if (maps)
        fclose(maps);
}

/* Not where RLIMIT_MEMLOCK is too low, and not under sanitizers, which only pretend to lock. */
static bool locking_shows(void)
{
    char flags[512] = "";
    void *page = mmap(NULL, SECRET_MAX, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_true(page != MAP_FAILED);
    if (mlock(page, SECRET_MAX) == 0)
        read_flags(page, flags, sizeof flags);
    munmap(page, SECRET_MAX);
    return strstr(flags, " lo ") != NULL;
}

static void its_page_is_in_no_core_dump_no_child_and_no_swap(void **state)
{
    struct secret *secret = take("b6f1/s3cr3t");
    const char *page = secret_reveal(secret);
    char flags[512];
    char others[512];

    (void)state;
    read_flags(page, flags, sizeof flags);
    read_flags(&state, others, sizeof others);
    bool can_lock = locking_shows();
    secret_free(secret);
    if (!flags[0])
        skip();                             // a kernel without flags in smaps
    assert_non_null(strstr(flags, " dd ")); // MADV_DONTDUMP
    assert_non_null(strstr(flags, " wf ")); // MADV_WIPEONFORK
    if (can_lock)
        assert_non_null(strstr(flags, " lo "));
    // and this is how memory looks that has none of it
    assert_null(strstr(others, " dd "));
    assert_null(strstr(others, " wf "));
}

static void it_is_wiped_before_its_memory_goes_back(void **state)
{
    static const char zeros[sizeof given_back];
    struct secret *secret = take("b6f1/s3cr3t-and-more");

    (void)state;
    memset(given_back, 'x', sizeof given_back);
    givings = 0;
    secret_free(secret);
    assert_int_equal(givings, 1);
    assert_memory_equal(given_back, zeros, sizeof zeros);
    secret_free(NULL);
    assert_int_equal(givings, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_newline_at_the_end_is_no_part_of_a_token),
        cmocka_unit_test(a_value_that_can_be_no_token_is_refused_with_the_reason_alone),
        cmocka_unit_test(four_kib_are_the_most),
        cmocka_unit_test(a_fingerprint_is_a_piece_of_the_digest_of_what_is_sent),
        cmocka_unit_test(equal_means_the_same_bytes),
        cmocka_unit_test(a_child_finds_zeros_in_its_place),
        cmocka_unit_test(its_page_is_in_no_core_dump_no_child_and_no_swap),
        cmocka_unit_test(it_is_wiped_before_its_memory_goes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
