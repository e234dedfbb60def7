#include "test.h"

#include <unistd.h>

#include "base/auto.h"
#include "cli/waiting_line.h"

enum { CAUGHT_SIZE = 1024 };

/* stderr goes to a file meanwhile. */
struct caught {
    int fd;
    int stderr_fd;
    char text[CAUGHT_SIZE];
};

static void catch_begin(struct caught *caught)
{
    char path[] = "/tmp/test_waiting_line.XXXXXX";

    *caught = (struct caught){.fd = mkstemp(path), .stderr_fd = dup(STDERR_FILENO)};
    assert_true(caught->fd >= 0 && caught->stderr_fd >= 0);
    assert_int_equal(unlink(path), 0);
    assert_true(dup2(caught->fd, STDERR_FILENO) >= 0);
}

static const char *catch_end(struct caught *caught)
{
    assert_true(dup2(caught->stderr_fd, STDERR_FILENO) >= 0);
    assert_true(pread(caught->fd, caught->text, CAUGHT_SIZE - 1, 0) >= 0);
    close(caught->fd);
    close(caught->stderr_fd);
    return caught->text;
}

static const char *no_environment(const char *name)
{
    (void)name;
    return NULL;
}

static void in_a_log_it_is_said_once_a_minute(void **state)
{
    const struct session session = {.environment = no_environment};
    struct waiting_line line;
    struct caught caught;

    (void)state;
    catch_begin(&caught);
    waiting_line_init(&line, &session, 1000);
    waiting_line_show(&line, 1000, "zero");
    waiting_line_show(&line, 60999, "early");
    waiting_line_show(&line, 61000, "first");
    waiting_line_show(&line, 120999, "too soon");
    waiting_line_show(&line, 121000, "second");
    waiting_line_clear(&line);
    assert_string_equal(catch_end(&caught), "onekey-agent: first\nonekey-agent: second\n");
}

static void nothing_is_said_where_nobody_wants_it(void **state)
{
    static const struct args wishes[] = {{.quiet = true}, {.no_progress = true}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wishes); i++) {
        const struct session session = {.environment = no_environment, .args = wishes[i]};
        struct waiting_line line;
        struct caught caught;

        catch_begin(&caught);
        waiting_line_init(&line, &session, 0);
        waiting_line_show(&line, 3600000, "an hour");
        assert_string_equal(catch_end(&caught), "");
    }
}

static void on_a_terminal_it_is_drawn_over_and_wiped(void **state)
{
    const struct session session = {.environment = no_environment};
    struct waiting_line line;
    struct caught caught;

    (void)state;
    catch_begin(&caught);
    waiting_line_init(&line, &session, 0);
    line.draws = true; // stderr is a file here
    line.next_ms = 0;
    waiting_line_show(&line, 0, "one");
    waiting_line_show(&line, 999, "too soon");
    waiting_line_show(&line, 1000, "two");
    waiting_line_clear(&line);
    waiting_line_clear(&line);
    assert_string_equal(catch_end(&caught), "\r\033[Kone\r\033[Ktwo\r\033[K");
}

static void the_text_says_how_long_and_how_much_longer(void **state)
{
    auto_free char *both = waiting_line_text("still analysing", 1000, 721000, 3001000);
    auto_free char *open = waiting_line_text("still analysing", 1000, 46000, 0);
    auto_free char *over = waiting_line_text("still analysing", 1000, 5000, 4000);

    (void)state;
    assert_string_equal(both, "still analysing, 12 min, up to 38 min left");
    assert_string_equal(open, "still analysing, 45 s");
    assert_string_equal(over, "still analysing, 4 s, up to 0 s left");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_a_log_it_is_said_once_a_minute),
        cmocka_unit_test(nothing_is_said_where_nobody_wants_it),
        cmocka_unit_test(on_a_terminal_it_is_drawn_over_and_wiped),
        cmocka_unit_test(the_text_says_how_long_and_how_much_longer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
