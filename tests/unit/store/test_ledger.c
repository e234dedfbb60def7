#include "test.h"

#include <poll.h>
#include <sys/wait.h>

#include "store/ledger.h"
#include "store/store_file.h"

/* Another process that holds the directory until its pipe is closed. */
struct holder {
    pid_t pid;
    int hold_fd;
};

static void hold(const char *path, int ready_fd, int hold_fd)
{
    struct err err;
    struct ledger *ledger = ledger_open(path, 0, &err);
    char byte = ledger ? '1' : '0';
    ssize_t ignored = write(ready_fd, &byte, 1);

    ignored += read(hold_fd, &byte, 1); /* ends with the other side's close */
    _exit(ignored < 0);                 /* as after kill -9: nothing is released by hand */
}

static void holder_start(struct holder *holder, const char *path)
{
    int ready[2];
    int keep[2];
    char byte = '0';

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(keep), 0);
    holder->pid = fork();
    if (holder->pid == 0) {
        close(keep[1]);
        hold(path, ready[1], keep[0]);
    }
    close(ready[1]);
    close(keep[0]);
    holder->hold_fd = keep[1];
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, '1');
    close(ready[0]);
}

static void holder_end(struct holder *holder)
{
    close(holder->hold_fd);
    assert_int_equal(waitpid(holder->pid, NULL, 0), holder->pid);
}

static void a_state_directory_is_made_for_its_owner_alone(void **state)
{
    struct store_file file;
    struct stat facts;
    struct err err;
    char path[128];

    (void)state;
    store_file_make(&file);
    snprintf(path, sizeof path, "%s/var/agent/state", file.tree.path);
    assert_false(ledger_exists(path));
    struct ledger *ledger = ledger_open(path, 0, &err);
    assert_non_null(ledger);
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0700);
    assert_int_equal(fstatat(ledger_dir_fd(ledger), "ledger.db", &facts, 0), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    known_add(ledger_db(ledger), ITEM_PENDING, "/srv/a.bin");
    ledger_close(ledger);
    assert_true(ledger_exists(path));
    ledger_close(NULL);
    store_file_remove(&file);
}

static void another_process_that_holds_it_is_named(void **state)
{
    struct store_file file;
    struct holder holder;
    struct err err;
    char words[64];

    (void)state;
    store_file_make(&file);
    holder_start(&holder, file.tree.path);
    assert_null(ledger_open(file.tree.path, 0, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    snprintf(words, sizeof words, "(process %d)", (int)holder.pid);
    assert_non_null(strstr(err.message, words));
    assert_non_null(strstr(err.message, file.tree.path));
    holder_end(&holder);
    store_file_remove(&file);
}

/* Also kill -9 lets go of it: nothing has to be cleaned up by hand. */
static void what_a_dead_process_held_is_free(void **state)
{
    struct store_file file;
    struct holder holder;
    struct err err;

    (void)state;
    store_file_make(&file);
    holder_start(&holder, file.tree.path);
    holder_end(&holder);
    struct ledger *ledger = ledger_open(file.tree.path, 0, &err);
    assert_non_null(ledger);
    ledger_close(ledger);
    store_file_remove(&file);
}

static void the_lock_is_waited_for_as_long_as_was_asked(void **state)
{
    struct store_file file;
    struct holder holder;
    struct err err;

    (void)state;
    store_file_make(&file);
    holder_start(&holder, file.tree.path);
    pid_t closer = fork();
    if (closer == 0) {
        /* holds the other end of the pipe a little longer than the first try takes */
        poll(NULL, 0, 100);
        _exit(0);
    }
    close(holder.hold_fd);
    struct ledger *ledger = ledger_open(file.tree.path, 20000, &err);
    assert_non_null(ledger);
    ledger_close(ledger);
    assert_int_equal(waitpid(closer, NULL, 0), closer);
    assert_int_equal(waitpid(holder.pid, NULL, 0), holder.pid);
    store_file_remove(&file);
}

static void a_lock_that_is_a_link_is_not_followed(void **state)
{
    struct store_file file;
    struct err err;

    (void)state;
    store_file_make(&file);
    tree_file(&file.tree, "precious", "42\n");
    tree_link(&file.tree, "precious", "lock");
    assert_null(ledger_open(file.tree.path, 0, &err));
    assert_int_equal(err.kind, ERR_IO);
    struct stat facts;
    assert_int_equal(fstatat(file.tree.fd, "precious", &facts, 0), 0);
    assert_int_equal(facts.st_size, 3);
    store_file_remove(&file);
}

static void a_file_where_the_directory_should_be_is_told(void **state)
{
    struct store_file file;
    struct err err;
    char path[128];

    (void)state;
    store_file_make(&file);
    tree_file(&file.tree, "state", "");
    snprintf(path, sizeof path, "%s/state", file.tree.path);
    assert_null(ledger_open(path, 0, &err));
    assert_int_equal(err.kind, ERR_IO);
    assert_non_null(strstr(err.message, path));
    store_file_remove(&file);
}

/* The lock goes with a database that does not open: a repaired one can be tried at once. */
static void a_damaged_database_holds_no_lock(void **state)
{
    struct store_file file;
    struct err err;

    (void)state;
    store_file_make(&file);
    tree_file(&file.tree, "ledger.db", "this is no database at all, however it is looked at");
    int before = tree_count_fds();
    assert_null(ledger_open(file.tree.path, 0, &err));
    assert_int_equal(err.kind, ERR_STORE);
    assert_int_equal(tree_count_fds(), before);
    tree_ok(unlink(file.path), "unlink");
    struct ledger *ledger = ledger_open(file.tree.path, 0, &err);
    assert_non_null(ledger);
    ledger_close(ledger);
    store_file_remove(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_directory_is_made_for_its_owner_alone),
        cmocka_unit_test(another_process_that_holds_it_is_named),
        cmocka_unit_test(what_a_dead_process_held_is_free),
        cmocka_unit_test(the_lock_is_waited_for_as_long_as_was_asked),
        cmocka_unit_test(a_lock_that_is_a_link_is_not_followed),
        cmocka_unit_test(a_file_where_the_directory_should_be_is_told),
        cmocka_unit_test(a_damaged_database_holds_no_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
