import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.logging.log4j.ThreadContext;

/** Logs as an application on Mule would: args[0] records, from a thread with a name like Mule's. */
public class Log4jClient {
    private static final Level[] LEVELS = {Level.TRACE, Level.DEBUG, Level.INFO, Level.WARN, Level.ERROR, Level.FATAL};

    public static void main(String[] args) throws Exception {
        Logger logger = LogManager.getLogger("org.mule.runtime.core.internal.processor.LoggerMessageProcessor");
        Thread thread = new Thread(() -> emit(logger, Integer.parseInt(args[0])));
        thread.setName("[MuleRuntime].uber.12: [orders-api].orders-main.CPU_LITE @5f1e2");
        thread.start();
        thread.join();
        LogManager.shutdown();
    }

    private static void emit(Logger logger, int records) {
        for (int number = 0; number < records; number++) {
            ThreadContext.put("correlationId", "c-" + number);
            ThreadContext.put("processorPath", "orders-main/processors/" + number);
            Level level = LEVELS[number % LEVELS.length];
            if (level == Level.ERROR) {
                logger.log(level, "order " + number + " - \"failed\": }{", new IllegalStateException("no\nstock", new RuntimeException("x")));
            } else {
                logger.log(level, "order " + number + " - \"accepted\": }{");
            }
        }
    }
}
