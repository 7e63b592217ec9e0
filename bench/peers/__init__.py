"""The same small training programs with ClearML, MLflow, Weights & Biases, TensorBoard and Signalbox."""
