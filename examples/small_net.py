"""A small network that trains in seconds, for the notebooks and the first steps."""


def small_net(input_shape, num_classes, *, conv, dense):
    """Return a network of three convolutions and one dense layer, from pixel levels of 0 to 255 to logits."""
    import tf_keras as keras

    x = pixels = keras.Input(input_shape)
    x = keras.layers.Rescaling(1 / 127.5, -1)(x)
    for place, channels in enumerate((16, 32, 64), 1):
        x = conv(
            channels, 3, strides=2, padding="same", use_bias=True, kernel_initializer="he_normal", name=f"conv{place}"
        )(x)
        x = keras.layers.ReLU()(x)
    x = keras.layers.Flatten()(x)
    return keras.Model(pixels, dense(num_classes, name="fc")(x))
