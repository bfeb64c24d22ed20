"""The bare Keras loop: N seeded builds of Dense(5), their weights fetched. Prints the seconds, import not counted."""

import sys
import time

import keras

count = int(sys.argv[1])
begin = time.perf_counter()
for _ in range(count):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.layers.Dense(5, input_dim=1)])
    weights = model.get_weights()
print(time.perf_counter() - begin)
