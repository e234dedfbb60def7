#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/config_file.h"

struct folder {
    char path[64];
};

static int make_folder(void **state)
{
    struct folder *folder = xcalloc(1, sizeof *folder);

    snprintf(folder->path, sizeof folder->path, "/tmp/test_config_file.XXXXXX");
    if (!mkdtemp(folder->path))
        return -1;
    *state = folder;
    return 0;
}

static const char *const names[] = {
    "o.yaml", "e.yaml", "x/onekey-agent/config.yaml", "h/.config/onekey-agent/config.yaml",
    "s.yaml", "fifo"};
static const char *const folders[] = {"x/onekey-agent", "x", "h/.config/onekey-agent", "h/.config",
                                      "h"};

static char *path_in(const struct folder *folder, const char *name)
{
    return xasprintf("%s/%s", folder->path, name);
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        auto_free char *path = path_in(folder, names[i]);
        unlink(path);
    }
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        auto_free char *path = path_in(folder, folders[i]);
        rmdir(path);
    }
    int result = rmdir(folder->path);
    free(folder);
    return result;
}

static void write_file(const struct folder *folder, const char *name, const char *text, mode_t mode)
{
    auto_free char *path = path_in(folder, name);
    auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
}

static void make_folders(const struct folder *folder)
{
    for (size_t i = COUNT_OF(folders); i > 0; i--) {
        auto_free char *path = path_in(folder, folders[i - 1]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
}

/* What config_find_file() asks for; set by each row. */
static char *agent_config;
static char *xdg_home;
static char *home;

static const char *from_row(const char *name)
{
    if (strcmp(name, "ONEKEY_AGENT_CONFIG") == 0)
        return agent_config;
    if (strcmp(name, "XDG_CONFIG_HOME") == 0)
        return xdg_home;
    assert_string_equal(name, "HOME");
    return home;
}

static void the_first_place_that_has_a_file_wins(void **state)
{
    const struct folder *folder = *state;
    static const struct {
        const char *why;
        const char *option;
        const char *variable;
        const char *xdg;
        const char *home;
        const char *system;
        const char *want;
    } rows[] = {
        {"--config before all", "o.yaml", "e.yaml", "x", "h", "s.yaml", "o.yaml"},
        {"the variable", NULL, "e.yaml", "x", "h", "s.yaml", "e.yaml"},
        {"the user's place", NULL, NULL, "x", "h", "s.yaml", "x/onekey-agent/config.yaml"},
        {"the user's place by default", NULL, NULL, NULL, "h", "s.yaml",
         "h/.config/onekey-agent/config.yaml"},
        {"XDG's place takes that of home", NULL, NULL, "none", "h", "s.yaml", "s.yaml"},
        {"the system's", NULL, NULL, NULL, "none", "s.yaml", "s.yaml"},
        {"no home", NULL, NULL, NULL, NULL, "s.yaml", "s.yaml"},
        {"none at all", NULL, NULL, "none", "none", "none", NULL},
    };

    make_folders(folder);
    for (size_t i = 0; i < 5; i++)
        write_file(folder, names[i], "version: 1\n", 0600);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *option = rows[i].option ? path_in(folder, rows[i].option) : NULL;
        auto_free char *system_path = path_in(folder, rows[i].system);
        auto_free char *want = rows[i].want ? path_in(folder, rows[i].want) : NULL;
        auto_free char *variable = rows[i].variable ? path_in(folder, rows[i].variable) : NULL;
        auto_free char *xdg = rows[i].xdg ? path_in(folder, rows[i].xdg) : NULL;
        auto_free char *user = rows[i].home ? path_in(folder, rows[i].home) : NULL;
        const struct config_search search = {option, from_row, system_path};
        auto_free char *found = NULL;
        struct err err;

        agent_config = variable;
        xdg_home = xdg;
        home = user;
        assert_true(config_find_file(&search, &found, &err));
        if ((found == NULL) != (want == NULL) || (found && strcmp(found, want) != 0))
            fail_msg("%s: %s, want %s", rows[i].why, found ? found : "none", want ? want : "none");
    }
    agent_config = xdg_home = home = NULL;
}

static void a_file_that_was_named_has_to_be_there(void **state)
{
    const struct config_search by_option = {"/nowhere/o.yaml", from_row, "/nowhere/s"};
    const struct config_search by_variable = {NULL, from_row, "/nowhere/s"};
    static char named[] = "/nowhere/e.yaml";
    auto_free char *found = NULL;
    struct err err;

    (void)state;
    agent_config = named;
    assert_false(config_find_file(&by_option, &found, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_string_equal(err.message,
                        "find /nowhere/o.yaml, named by --config: No such file or directory");
    assert_false(config_find_file(&by_variable, &found, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_string_equal(
        err.message,
        "find /nowhere/e.yaml, named by ONEKEY_AGENT_CONFIG: No such file or directory");
    assert_null(found);
    agent_config = NULL;
}

static void the_null_device_means_no_file(void **state)
{
    const struct folder *folder = *state;
    auto_free char *system_path = path_in(folder, "s.yaml");
    const struct config_search search = {"/dev/null", from_row, system_path};
    auto_free char *found = NULL;
    struct err err;

    write_file(folder, "s.yaml", "version: 1\n", 0600);
    assert_true(config_find_file(&search, &found, &err));
    assert_null(found);
}

static void bytes_and_mode_are_read(void **state)
{
    const struct folder *folder = *state;
    auto_free char *path = path_in(folder, "o.yaml");
    auto_buf struct buf bytes = {0};
    unsigned mode = 0;
    struct err err;

    write_file(folder, "o.yaml", "version: 1\n", 0640);
    assert_true(config_read_file(path, &bytes, &mode, &err));
    assert_string_equal(bytes.bytes, "version: 1\n");
    assert_int_equal(mode, 0640);
}

static void a_file_that_others_may_write_is_refused(void **state)
{
    static const struct {
        mode_t mode;
        bool ok;
    } rows[] = {{0600, true},  {0644, true},  {0640, true},  {0444, true},
                {0664, false}, {0620, false}, {0646, false}, {0666, false}};
    const struct folder *folder = *state;
    auto_free char *path = path_in(folder, "o.yaml");

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_buf struct buf bytes = {0};
        unsigned mode;
        struct err err = {0};

        write_file(folder, "o.yaml", "version: 1\n", rows[i].mode);
        if (config_read_file(path, &bytes, &mode, &err) != rows[i].ok)
            fail_msg("mode %o: %s", (unsigned)rows[i].mode, err.message);
        if (rows[i].ok)
            continue;
        auto_free char *want = xasprintf("read %s: its group or everybody may write it, and it "
                                         "says what this program runs; chmod go-w it",
                                         path);
        assert_int_equal(err.kind, ERR_CONFIG);
        assert_string_equal(err.message, want);
    }
}

static void what_is_no_small_file_is_refused(void **state)
{
    const struct folder *folder = *state;
    auto_free char *path = path_in(folder, "o.yaml");
    auto_free char *large = xcalloc(1, CONFIG_FILE_MAX + 2);
    auto_buf struct buf bytes = {0};
    unsigned mode;
    struct err err;

    assert_false(config_read_file(folder->path, &bytes, &mode, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_non_null(strstr(err.message, "it is a folder; name a file"));
    assert_false(config_read_file(path, &bytes, &mode, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
    memset(large, ' ', CONFIG_FILE_MAX + 1);
    write_file(folder, "o.yaml", large, 0600);
    assert_false(config_read_file(path, &bytes, &mode, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_non_null(strstr(err.message, "over 262144 bytes"));
}

static void a_fifo_without_a_writer_does_not_hold_the_program(void **state)
{
    const struct folder *folder = *state;
    auto_free char *path = path_in(folder, "fifo");
    auto_buf struct buf bytes = {0};
    unsigned mode;
    struct err err;

    assert_int_equal(mkfifo(path, 0600), 0);
    assert_true(config_read_file(path, &bytes, &mode, &err)); // the test's time limit judges
    assert_int_equal(bytes.size, 0);
}

static void a_pipe_is_read_to_its_end(void **state)
{
    auto_buf struct buf bytes = {0};
    char path[32];
    int ends[2];
    unsigned mode;
    struct err err;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    assert_int_equal(write(ends[1], "version: 1\n", 11), 11);
    close(ends[1]);
    assert_true(config_read_file(path, &bytes, &mode, &err));
    close(ends[0]);
    assert_string_equal(bytes.bytes, "version: 1\n");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(the_first_place_that_has_a_file_wins),
        cmocka_unit_test(a_file_that_was_named_has_to_be_there),
        IN_FOLDER(the_null_device_means_no_file),
        IN_FOLDER(bytes_and_mode_are_read),
        IN_FOLDER(a_file_that_others_may_write_is_refused),
        IN_FOLDER(what_is_no_small_file_is_refused),
        IN_FOLDER(a_fifo_without_a_writer_does_not_hold_the_program),
        cmocka_unit_test(a_pipe_is_read_to_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
