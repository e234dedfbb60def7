#include "test.h"

#include <semaphore.h>

#include "base/work.h"

/* One thread, so that what is queued behind a function that runs can not run itself. */
enum { JOBS = 50 };

struct task {
    sem_t started;
    sem_t may_end;
    uv_thread_t ran_in;
    uv_thread_t done_in;
    int runs;
    int dones;
    bool cancelled;
    bool was_run_first;
    bool is_in_call; /* while work_start() or cancel() has not returned */
    bool done_in_call;
};

static void task_init(struct task *task)
{
    *task = (struct task){0};
    assert_int_equal(sem_init(&task->started, 0, 0), 0);
    assert_int_equal(sem_init(&task->may_end, 0, 0), 0);
}

static void task_release(struct task *task)
{
    sem_destroy(&task->started);
    sem_destroy(&task->may_end);
}

static void run_at_once(void *data)
{
    struct task *task = data;

    task->ran_in = uv_thread_self();
    task->runs++;
}

static void run_until_told(void *data)
{
    struct task *task = data;

    sem_post(&task->started);
    sem_wait(&task->may_end);
    run_at_once(task);
}

static void on_done(void *data, bool cancelled)
{
    struct task *task = data;

    task->done_in = uv_thread_self();
    task->was_run_first = task->runs == 1;
    task->cancelled = cancelled;
    task->done_in_call = task->is_in_call;
    task->dones++;
}

static struct op *start(uv_loop_t *loop, work_run_fn *run, struct task *task)
{
    task->is_in_call = true;
    struct op *op = work_start(loop, run, on_done, task);
    task->is_in_call = false;
    return op;
}

static void cancel(struct op *op, struct task *task)
{
    task->is_in_call = true;
    op->cancel(op);
    task->is_in_call = false;
}

static void run_to_end(uv_loop_t *loop)
{
    assert_int_equal(uv_run(loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(loop), 0); // nothing is left behind
}

static void a_function_runs_in_another_thread_and_its_end_comes_on_the_loop(void **state)
{
    uv_thread_t loop_thread = uv_thread_self();
    struct task task;
    uv_loop_t loop;

    (void)state;
    task_init(&task);
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_non_null(start(&loop, run_at_once, &task));
    assert_int_equal(task.dones, 0);
    run_to_end(&loop);
    assert_int_equal(task.runs, 1);
    assert_int_equal(task.dones, 1);
    assert_true(task.was_run_first);
    assert_false(task.cancelled);
    assert_false(task.done_in_call);
    assert_true(uv_thread_equal(&task.done_in, &loop_thread));
    assert_false(uv_thread_equal(&task.ran_in, &loop_thread));
    task_release(&task);
}

static void many_functions_end_once_each(void **state)
{
    static struct task tasks[JOBS];
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    for (size_t i = 0; i < JOBS; i++) {
        task_init(&tasks[i]);
        start(&loop, run_at_once, &tasks[i]);
    }
    run_to_end(&loop);
    for (size_t i = 0; i < JOBS; i++) {
        assert_int_equal(tasks[i].runs, 1);
        assert_int_equal(tasks[i].dones, 1);
        assert_false(tasks[i].cancelled);
        task_release(&tasks[i]);
    }
}

static void what_is_cancelled_while_it_waits_never_runs_and_still_ends_once(void **state)
{
    struct task running;
    struct task waiting;
    uv_loop_t loop;

    (void)state;
    task_init(&running);
    task_init(&waiting);
    assert_int_equal(uv_loop_init(&loop), 0);
    start(&loop, run_until_told, &running);
    sem_wait(&running.started);
    struct op *op = start(&loop, run_at_once, &waiting);
    cancel(op, &waiting);
    cancel(op, &waiting); // wanted twice, it is still one end
    assert_int_equal(waiting.dones, 0);
    sem_post(&running.may_end);
    run_to_end(&loop);
    assert_int_equal(waiting.runs, 0);
    assert_int_equal(waiting.dones, 1);
    assert_true(waiting.cancelled);
    assert_false(waiting.done_in_call);
    assert_int_equal(running.dones, 1);
    assert_false(running.cancelled);
    task_release(&running);
    task_release(&waiting);
}

static void what_is_cancelled_while_it_runs_ends_when_it_has_ended(void **state)
{
    struct task task;
    uv_loop_t loop;

    (void)state;
    task_init(&task);
    assert_int_equal(uv_loop_init(&loop), 0);
    struct op *op = start(&loop, run_until_told, &task);
    sem_wait(&task.started);
    cancel(op, &task);
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(task.dones, 0); // it still has its data in its hands
    sem_post(&task.may_end);
    run_to_end(&loop);
    assert_int_equal(task.runs, 1);
    assert_int_equal(task.dones, 1);
    assert_true(task.was_run_first);
    assert_true(task.cancelled);
    task_release(&task);
}

static void what_has_run_but_was_not_reported_yet_can_be_cancelled(void **state)
{
    struct task task;
    struct task behind;
    uv_loop_t loop;

    (void)state;
    task_init(&task);
    task_init(&behind);
    assert_int_equal(uv_loop_init(&loop), 0);
    struct op *op = start(&loop, run_at_once, &task);
    start(&loop, run_until_told, &behind);
    sem_wait(&behind.started); // the one thread is done with the first
    assert_int_equal(task.runs, 1);
    cancel(op, &task);
    sem_post(&behind.may_end);
    run_to_end(&loop);
    assert_int_equal(task.dones, 1);
    assert_true(task.cancelled);
    assert_false(behind.cancelled);
    task_release(&task);
    task_release(&behind);
}

static int set_up(void **state)
{
    (void)state;
    return setenv("UV_THREADPOOL_SIZE", "1", 1); // read once, by the first work of the program
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_runs_in_another_thread_and_its_end_comes_on_the_loop),
        cmocka_unit_test(many_functions_end_once_each),
        cmocka_unit_test(what_is_cancelled_while_it_waits_never_runs_and_still_ends_once),
        cmocka_unit_test(what_is_cancelled_while_it_runs_ends_when_it_has_ended),
        cmocka_unit_test(what_has_run_but_was_not_reported_yet_can_be_cancelled),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
