"""The billing rules, one module a rule: pure functions of facts and dated figures."""
