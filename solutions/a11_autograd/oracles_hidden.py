"""Loans of the hidden checks: dual numbers by their rules, whose values may be Vars."""

from oracles import GATES, loans

_RULES = """
def exp_rule(self):
    value = self.value.exp()
    return Dual(value, self.tangent * value)

def sigmoid_rule(self):
    value = self.value.sigmoid()
    return Dual(value, self.tangent * (value - value * value))

def power_rule(self, n):
    return Dual(self.value ** n, self.tangent * (self.value ** (n - 1)) * n)

Dual.exp, Dual.sigmoid, Dual.__pow__ = exp_rule, sigmoid_rule, power_rule
Dual.log = lambda self: Dual(self.value.log(), self.tangent / self.value)
Dual.sin = lambda self: Dual(self.value.sin(), self.tangent * self.value.cos())
Dual.relu = lambda self: Dual(self.value.relu(), self.tangent * (self.value > 0))
Dual.__truediv__ = lambda self, other: self * Dual.of(other) ** -1
"""
ALL_BUT_HVP = loans("Dual", "backward", "topological_order", *GATES) + _RULES
