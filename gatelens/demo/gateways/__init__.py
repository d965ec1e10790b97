"""The gateways of the demo: real Envoys, what stands for Flex Gateway and Mule, and the services behind them."""
