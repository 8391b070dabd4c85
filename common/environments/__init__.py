"""Small worlds to act in, many copies at once: slippery ice, a ball to catch, a pole on a cart. For students.

Each has `reset(n, generator)`, which starts n copies and returns what is observed; `step(actions)`, which returns
(observation, reward, done, truncated); and `restart(which)`, which starts some copies again. All random numbers are
drawn from the generator. Tensors are on its device.
"""

from common.environments.cart_pole import CartPole
from common.environments.catch import Catch
from common.environments.ice import Ice

__all__ = ["CartPole", "Catch", "Ice"]
