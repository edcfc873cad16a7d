"""The public conformance test of Jupyter kernels, `jupyter_kernel_test`, against the installed kernel."""

import sys
import unittest

import jupyter_kernel_test

# A machine that does other work besides may take longer than the test waits by itself.
jupyter_kernel_test.TIMEOUT = 120


class CistronTests(jupyter_kernel_test.KernelTests):
    kernel_name = "cistron"
    language_name = "rust"
    file_extension = ".rs"
    code_hello_world = 'println!("hello, world");'
    code_stderr = 'eprintln!("oops");'
    completion_samples = [
        {"text": "printl", "matches": ["println!"]},
        {"text": "Part::Te", "matches": ["Test"]},
        {"text": ":var", "matches": [":vars"]},
    ]
    complete_code_samples = ["1", 'println!("hello, world");', "fn f(x: i32) -> i32 { x * 2 }"]
    incomplete_code_samples = ['println!("hello', "fn f(x: i32) -> i32 {", "let a = (1,"]
    invalid_code_samples = ["let = 3 3;", "fn 3f() {}"]
    code_page_something = "?Dataset"
    code_generate_error = 'panic!("on purpose");'
    code_execute_result = [
        {"code": "1 + 2 + 3", "result": "6"},
        {"code": '"a".repeat(3)', "result": '"aaa"'},
        {"code": "1 + 1", "result": "2"},
    ]
    code_display_data = [
        {"code": 'cistron::display::display(&Bundle::plain("p").html("<b>b</b>"));', "mime": "text/html"},
    ]
    code_history_pattern = "1 + 2*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "Dataset"
    code_clear_output = "cistron::rt::clear_output(false);"


class WelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "cistron"
    support_iopub_welcome = True


if __name__ == "__main__":
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    suite = unittest.TestSuite([load(CistronTests), load(WelcomeTests)])
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite)
    for test, reason in result.skipped:
        print(f"skipped: {test}: {reason}")
    sys.exit(0 if result.wasSuccessful() and not result.skipped else 1)
